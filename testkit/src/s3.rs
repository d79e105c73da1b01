//! Private storage that speaks S3: SeaweedFS with TLS and a certificate of its own, one identity, and buckets with or without
//! object lock. It lives in a temporary folder and dies with the test process, however that ends.

use anyhow::{Context, bail};
use domain::{Clock, SystemClock};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use std::{
    fs,
    net::TcpListener,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;

/// The region that the storage says it is in.
pub const REGION: &str = "us-east-1";
const KEY: &str = "PATELLATEST";
const SECRET: &str = "a secret of the tests";
/// How often it is asked whether it answers, with [`A_WHILE`] between.
const TRIES: usize = 240;
const A_WHILE: Duration = Duration::from_millis(250);
const SIGNED: Duration = Duration::from_secs(60);
const OBJECT_LOCK: &str = "x-amz-bucket-object-lock-enabled";

/// Stays until its own input ends, which the system sees to when the test process dies; then stops the storage and removes it.
const KEEPER: &str = r#"weed="$1"; folder="$2"; shift 2
"$weed" server "$@" >>"$folder/log" 2>&1 & server=$!
cat >/dev/null; kill -KILL $server; wait $server; rm -rf "$folder""#;

/// Storage that runs.
pub struct Storage {
    folder: PathBuf,
    port: u16,
    keeper: Option<(Child, ChildStdin)>,
}

impl Storage {
    /// The storage of this test process, started when it is first asked for. None, and a printed word, where SeaweedFS is
    /// not here.
    pub async fn shared() -> anyhow::Result<Option<&'static Self>> {
        static SHARED: OnceLock<Result<Option<Storage>, String>> = OnceLock::new();
        match SHARED.get_or_init(|| Self::start().map_err(|error| format!("{error:#}"))) {
            Ok(storage) => Ok(storage.as_ref()),
            Err(error) => bail!("{error}"),
        }
    }

    fn start() -> anyhow::Result<Option<Self>> {
        let Some(weed) = program() else {
            #[allow(clippy::print_stderr)]
            {
                eprintln!("SKIPPED: SeaweedFS is not here (scripts/weed.sh fetches it), so no backup to S3 is tested");
            }
            return Ok(None);
        };
        let folder = TempDir::with_prefix("patella-s3-")?.keep();
        let ca_key = KeyPair::generate()?;
        let mut ca = CertificateParams::new(Vec::new())?;
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        fs::write(folder.join("ca.pem"), ca.self_signed(&ca_key)?.pem())?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec!["localhost".to_owned()])?;
        fs::write(folder.join("server.pem"), certificate.signed_by(&key, &Issuer::new(ca, ca_key))?.pem())?;
        fs::write(folder.join("server.key"), key.serialize_pem())?;
        let identities = serde_json::json!({"identities": [{"name": "patella",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "List", "Tagging", "Write"]}]});
        fs::write(folder.join("s3.json"), identities.to_string())?;
        // Held together, so that they are as many as they look.
        let held: Vec<TcpListener> = (0..9).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
        let ports: Vec<u16> = held.iter().map(|one| Ok(one.local_addr()?.port())).collect::<anyhow::Result<_>>()?;
        drop(held);
        let names = [
            "s3.port.https",
            "s3.port",
            "s3.port.grpc",
            "master.port",
            "master.port.grpc",
            "volume.port",
            "volume.port.grpc",
            "filer.port",
            "filer.port.grpc",
        ];
        let at = folder.display();
        // By default it takes no more writes while less than a hundredth of the disk is free, however large the disk is; the
        // tests write a few megabytes.
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(weed).arg(&folder);
        keeper.arg(format!("-dir={at}")).args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3"]);
        keeper.args([
            "-master.telemetry=false",
            "-master.volumeSizeLimitMB=64",
            "-volume.max=500",
            "-volume.minFreeSpace=200MiB",
            "-s3.port.iceberg=0",
        ]);
        keeper.arg(format!("-s3.config={at}/s3.json"));
        keeper.arg(format!("-s3.cert.file={at}/server.pem")).arg(format!("-s3.key.file={at}/server.key"));
        keeper.args(names.iter().zip(&ports).map(|(name, port)| format!("-{name}={port}")));
        keeper.current_dir(&folder).env("HOME", &folder).process_group(0);
        let mut child = keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let input = child.stdin.take().context("no pipe")?;
        Ok(Some(Self { folder, port: ports[0], keeper: Some((child, input)) }))
    }

    /// Its address.
    pub fn endpoint(&self) -> String {
        format!("https://localhost:{}", self.port)
    }
    /// The certificate that signed its own.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }
    /// Who may use it.
    pub fn credentials(&self) -> Credentials {
        Credentials::new(KEY, SECRET)
    }

    /// A new bucket, with object lock or without. Waits until the storage answers.
    pub async fn bucket(&self, locked: bool) -> anyhow::Result<String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("bucket-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let (bucket, client, credentials) = (self.bucket_named(&name)?, self.client()?, self.credentials());
        let mut why = String::new();
        for _ in 0..TRIES {
            let mut create = bucket.create_bucket(&credentials);
            let mut headers = reqwest::header::HeaderMap::new();
            if locked {
                create.headers_mut().insert(OBJECT_LOCK, "true");
                headers.insert(OBJECT_LOCK, "true".parse()?);
            }
            match client.put(create.sign(SIGNED)).headers(headers).send().await {
                Ok(answer) if answer.status().is_success() => return Ok(name),
                Ok(answer) => why = format!("{} {}", answer.status(), answer.text().await.unwrap_or_default()),
                Err(error) => why = error.to_string(),
            }
            tokio::time::sleep(A_WHILE).await;
        }
        bail!("the storage does not answer: {why}; {}", fs::read_to_string(self.folder.join("log"))?)
    }

    /// How many uploads in parts were begun in a bucket and not ended.
    pub async fn unfinished(&self, bucket: &str) -> anyhow::Result<usize> {
        let (bucket, credentials) = (self.bucket_named(bucket)?, self.credentials());
        let query = [("uploads", "")];
        let url = rusty_s3::signing::sign(
            &SystemClock.now(),
            rusty_s3::Method::Get,
            bucket.base_url().clone(),
            credentials.key(),
            credentials.secret(),
            None,
            REGION,
            SIGNED.as_secs(),
            query.into_iter(),
            std::iter::empty(),
        );
        let text = self.client()?.get(url).send().await?.error_for_status()?.text().await?;
        Ok(text.matches("<UploadId>").count())
    }

    fn bucket_named(&self, name: &str) -> anyhow::Result<Bucket> {
        Ok(Bucket::new(self.endpoint().parse()?, UrlStyle::Path, name.to_owned(), REGION)?)
    }

    fn client(&self) -> anyhow::Result<reqwest::Client> {
        let ca = reqwest::Certificate::from_pem(&fs::read(self.ca_file())?)?;
        // One of them is enough, and another test may have been first.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Ok(reqwest::Client::builder().add_root_certificate(ca).no_proxy().build()?)
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        if let Some((mut keeper, input)) = self.keeper.take() {
            drop(input);
            // There is nobody to tell; the folder is a temporary one.
            let _ = keeper.wait();
        }
    }
}

/// SeaweedFS as `scripts/weed.sh` has put it under the target folder of this test.
fn program() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let tools = own.ancestors().map(|folder| folder.join("tools"));
    let found = tools.filter_map(|tools| fs::read_dir(tools).ok()).flatten().filter_map(Result::ok);
    found.map(|entry| entry.path().join("weed")).find(|weed| weed.exists())
}
