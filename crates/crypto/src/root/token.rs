//! A root key that only a PKCS#11 token opens: an HSM, a smart card, a cloud's key service behind a PKCS#11 module.
//!
//! An AES-256 key is made in the token and never leaves it (`CKA_SENSITIVE`, not `CKA_EXTRACTABLE`, which is checked each
//! time). It seals the root inside the token (AES-GCM with the names of token and key as associated data); the file holds
//! the sealed root. So whoever copies every file of the machine, the PIN's included, still lacks the token.

use super::{CreateRootError, LoadRootError, RootProvider, TOKEN_TITLE, nothing_there, read, write};
use crate::{
    Aad, Key,
    private_file::{self, ReadError, hex_line},
};
use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::{Mechanism, aead::GcmParams},
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    types::AuthPin,
};
use data_encoding::HEXLOWER;
use domain::Rng;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError},
};
use zeroize::Zeroizing;

const IV_LEN: usize = 12;
/// The root and GCM's tag.
const SEALED_LEN: usize = 32 + 16;

/// A root key sealed by a key that lives in a PKCS#11 token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenKey {
    /// The vendor's module, a shared library.
    pub module: PathBuf,
    /// The label of the token.
    pub token: String,
    /// The label of the AES-256 key in the token; made there when it is not.
    pub key: String,
    /// The file with the user PIN: its text without the line break at its end.
    pub pin_file: PathBuf,
    /// The file with the sealed root.
    pub file: PathBuf,
}

/// The token was of no use.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The module is not there or does not load.
    #[error("the PKCS#11 module {module} cannot be loaded: {what}")]
    Module {
        /// The shared library.
        module: PathBuf,
        /// What the loader said.
        what: String,
    },
    /// No token with this label is connected.
    #[error("there is no token {token:?} in the slots of {module}")]
    NoToken {
        /// The label that was looked for.
        token: String,
        /// The module that was asked.
        module: PathBuf,
    },
    /// The device does not answer, or not now.
    #[error("the token {token:?} does not work now ({what})")]
    Unreachable {
        /// Its label.
        token: String,
        /// PKCS#11's word for it.
        what: String,
    },
    /// The PIN file is not there.
    #[error("there is no PIN file at {path}")]
    PinMissing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The PIN file cannot be used.
    #[error("the PIN file {path}: {what}")]
    PinFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The PIN is wrong. It is not tried again by itself: a few wrong ones lock the token.
    #[error(
        "the token {token:?} does not accept the PIN in {path}; it is not tried again, since that could lock the token"
    )]
    WrongPin {
        /// The token's label.
        token: String,
        /// The PIN file.
        path: PathBuf,
    },
    /// The token is locked.
    #[error("the token {token:?} is locked or its PIN has expired ({what}); its security officer must see to it")]
    Locked {
        /// Its label.
        token: String,
        /// PKCS#11's word for it.
        what: String,
    },
    /// There is no such key in the token, or more than one.
    #[error("there are {found} AES keys {key:?} in the token {token:?}, where one is needed")]
    Keys {
        /// The key's label.
        key: String,
        /// The token's label.
        token: String,
        /// How many there are.
        found: usize,
    },
    /// The key could be read out of the token, which makes the token pointless.
    #[error("the key {key:?} can be taken out of the token {token:?}; make one that is sensitive and not extractable")]
    Extractable {
        /// The key's label.
        key: String,
        /// The token's label.
        token: String,
    },
    /// The key does not open the file: it is another key, or the file belongs to another token.
    #[error("the key {key:?} of the token {token:?} does not open {path} ({what})")]
    WrongKey {
        /// The key's label.
        key: String,
        /// The token's label.
        token: String,
        /// The file with the sealed root.
        path: PathBuf,
        /// PKCS#11's word for it.
        what: String,
    },
    /// The token does not do what is asked of it.
    #[error("the token {token:?} refuses to {what}")]
    Refused {
        /// Its label.
        token: String,
        /// What was asked, and PKCS#11's word for the refusal.
        what: String,
    },
}

impl TokenError {
    /// Whether the same call may succeed later without anybody changing a setting.
    pub const fn is_unreachable(&self) -> bool {
        matches!(self, Self::Module { .. } | Self::NoToken { .. } | Self::Unreachable { .. } | Self::PinMissing { .. })
    }
}

impl RootProvider for TokenKey {
    fn file(&self) -> &Path {
        &self.file
    }

    fn with_file(&self, file: PathBuf) -> Box<dyn RootProvider> {
        Box::new(Self { file, ..self.clone() })
    }

    fn words(&self) -> String {
        format!("{}, and a backup of the token {:?} by its own means", self.file.display(), self.token)
    }

    fn create(&self, rng: &dyn Rng) -> Result<Key, CreateRootError> {
        nothing_there(&self.file)?;
        let root = Key::random(rng);
        let mut iv = [0; IV_LEN];
        rng.fill(&mut iv);
        let place = self.place();
        let sealed = self.in_session(true, |session| {
            let kek = match self.find(session)? {
                Some(kek) => kek,
                None => self.generate(session)?,
            };
            let mut used = iv;
            let parameters = GcmParams::new(&mut used, place.as_bytes(), 128.into())
                .map_err(|error| self.refused("seal", &error))?;
            session
                .encrypt(&Mechanism::AesGcm(parameters), kek, root.expose())
                .map_err(|error| self.unreachable_or(error, |error| self.refused("seal", error)))
        })?;
        let body = format!("{TOKEN_TITLE}\niv {}\nsealed {}\n", HEXLOWER.encode(&iv), HEXLOWER.encode(&sealed),);
        write(&self.file, &body, rng)?;
        Ok(root)
    }

    fn load(&self) -> Result<Key, LoadRootError> {
        let lines = read(&self.file, TOKEN_TITLE)?;
        let damaged = |what| LoadRootError::Damaged { path: self.file.clone(), what };
        let mut lines = lines.lines();
        let mut next = || lines.next().unwrap_or_default();
        let iv = hex_line::<IV_LEN>(next(), "iv ").ok_or(damaged("it has no nonce"))?;
        let sealed = hex_line::<SEALED_LEN>(next(), "sealed ").ok_or(damaged("it has no sealed key"))?;
        let place = self.place();
        let plain = self.in_session(false, |session| {
            let kek = self.find(session)?.ok_or_else(|| self.keys(0))?;
            let mut used = *iv;
            let parameters = GcmParams::new(&mut used, place.as_bytes(), 128.into())
                .map_err(|error| self.refused("open", &error))?;
            let opened = session.decrypt(&Mechanism::AesGcm(parameters), kek, &*sealed);
            opened.map(Zeroizing::new).map_err(|error| self.unreachable_or(error, |error| self.wrong_key(error)))
        })?;
        let bytes: [u8; 32] = plain.as_slice().try_into().map_err(|_| damaged("it holds no key of 32 bytes"))?;
        Ok(Key::from_bytes(bytes))
    }
}

/// Modules that are loaded. They stay so: some do not survive being unloaded. One caller at a time, since initializing
/// and finalizing concern the whole process.
fn modules() -> &'static Mutex<HashMap<PathBuf, Pkcs11>> {
    static MODULES: OnceLock<Mutex<HashMap<PathBuf, Pkcs11>>> = OnceLock::new();
    MODULES.get_or_init(Mutex::default)
}

impl TokenKey {
    /// Works in a session of the user, which ends with it.
    fn in_session<T>(
        &self,
        writes: bool,
        work: impl FnOnce(&Session) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let pin = self.pin()?;
        let mut modules = modules().lock().unwrap_or_else(PoisonError::into_inner);
        let module = match modules.get(&self.module) {
            Some(module) => module.clone(),
            None => {
                let failed = |error: Error| TokenError::Module { module: self.module.clone(), what: error.to_string() };
                let module = Pkcs11::new(&self.module).map_err(failed)?;
                modules.insert(self.module.clone(), module.clone());
                module
            }
        };
        let done = self.initialized(&module, writes, &pin, work);
        if done.as_ref().is_err_and(TokenError::is_unreachable) {
            // Modules look for their tokens when they are initialized: so the next call finds one that has come back.
            let _ = module.finalize();
        }
        done
    }

    fn initialized<T>(
        &self,
        module: &Pkcs11,
        writes: bool,
        pin: &AuthPin,
        work: impl FnOnce(&Session) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let unreachable = |error: Error| self.unreachable(&error);
        match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(unreachable(error)),
        }
        let slots = module.get_slots_with_token().map_err(unreachable)?;
        let has_label = |slot: &&_| module.get_token_info(**slot).is_ok_and(|info| info.label() == self.token);
        let slot = slots
            .iter()
            .find(has_label)
            .ok_or_else(|| TokenError::NoToken { token: self.token.clone(), module: self.module.clone() })?;
        let session = if writes { module.open_rw_session(*slot) } else { module.open_ro_session(*slot) };
        let session = session.map_err(unreachable)?;
        match session.login(UserType::User, Some(pin)) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => {
                return Err(TokenError::WrongPin { token: self.token.clone(), path: self.pin_file.clone() });
            }
            Err(Error::Pkcs11(error @ (RvError::PinLocked | RvError::PinExpired), _)) => {
                return Err(TokenError::Locked { token: self.token.clone(), what: error.to_string() });
            }
            Err(error) => return Err(self.unreachable_or(error, |error| self.refused("let us in", error))),
        }
        let done = work(&session);
        // The session is closed with the end of its scope; logging out first makes the token forget the PIN.
        let _ = session.logout();
        done
    }

    fn pin(&self) -> Result<AuthPin, TokenError> {
        let path = || self.pin_file.clone();
        let line = private_file::first_line(&self.pin_file).map_err(|error| match error {
            ReadError::Missing => TokenError::PinMissing { path: path() },
            other => TokenError::PinFile { path: path(), what: other.to_string() },
        })?;
        let text = std::str::from_utf8(&line);
        let text = text.map_err(|_| TokenError::PinFile { path: path(), what: "it is not text".to_owned() })?;
        Ok(AuthPin::from(text))
    }

    /// The sealing key in the token, if it is there; refused when it could be read out.
    fn find(&self, session: &Session) -> Result<Option<ObjectHandle>, TokenError> {
        let template = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::AES),
            Attribute::Label(self.key.clone().into_bytes()),
        ];
        let found = session.find_objects(&template).map_err(|error| self.unreachable(&error))?;
        let [kek] = found[..] else {
            return if found.is_empty() { Ok(None) } else { Err(self.keys(found.len())) };
        };
        let asked = [AttributeType::Sensitive, AttributeType::Extractable];
        let said = session.get_attributes(kek, &asked).map_err(|error| self.unreachable(&error))?;
        if said.contains(&Attribute::Sensitive(true)) && said.contains(&Attribute::Extractable(false)) {
            Ok(Some(kek))
        } else {
            Err(TokenError::Extractable { key: self.key.clone(), token: self.token.clone() })
        }
    }

    fn generate(&self, session: &Session) -> Result<ObjectHandle, TokenError> {
        let template = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
            Attribute::ValueLen(32.into()),
            Attribute::Label(self.key.clone().into_bytes()),
        ];
        let made = session.generate_key(&Mechanism::AesKeyGen, &template);
        made.map_err(|error| self.unreachable_or(error, |error| self.refused("make a key", error)))
    }

    fn place(&self) -> Aad {
        Aad::new("root key in a token").with(self.token.as_bytes()).with(self.key.as_bytes())
    }

    fn keys(&self, found: usize) -> TokenError {
        TokenError::Keys { key: self.key.clone(), token: self.token.clone(), found }
    }

    fn unreachable(&self, error: &Error) -> TokenError {
        TokenError::Unreachable { token: self.token.clone(), what: error.to_string() }
    }

    fn refused(&self, what: &str, error: &Error) -> TokenError {
        TokenError::Refused { token: self.token.clone(), what: format!("{what} ({error})") }
    }

    fn wrong_key(&self, error: &Error) -> TokenError {
        let (key, token, path) = (self.key.clone(), self.token.clone(), self.file.clone());
        TokenError::WrongKey { key, token, path, what: error.to_string() }
    }

    /// A device that is gone in the middle is told apart from one that says no. SoftHSM and others answer a decryption
    /// that does not verify with `CKR_GENERAL_ERROR`, which is therefore a no.
    fn unreachable_or(&self, error: Error, no: impl FnOnce(&Error) -> TokenError) -> TokenError {
        use RvError::{
            DeviceError, DeviceMemory, DeviceRemoved, SessionClosed, SessionHandleInvalid, TokenNotPresent,
            TokenNotRecognized,
        };
        match error {
            Error::Pkcs11(
                DeviceError | DeviceMemory | DeviceRemoved | SessionClosed | SessionHandleInvalid | TokenNotPresent
                | TokenNotRecognized,
                _,
            ) => self.unreachable(&error),
            other => no(&other),
        }
    }
}
