//! A file that is hashed as it is read, so that what was used can be held against what was signed: the place that it comes
//! from may give another file each time that it is asked.

use crypto::Sha256;
use std::{
    io::{self, Read},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The file. Its clones read it on together.
#[derive(Clone)]
pub(super) struct Hashed(Arc<Mutex<State>>);

struct State {
    file: Box<dyn Read + Send>,
    hash: Sha256,
    size: u64,
}

/// What a whole file was: its bytes counted, and their SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// Bytes.
    pub size: u64,
    /// SHA-256.
    pub sha256: [u8; 32],
}

impl Hashed {
    pub(super) fn new(file: Box<dyn Read + Send>) -> Self {
        Self(Arc::new(Mutex::new(State { file, hash: Sha256::new(), size: 0 })))
    }

    /// Reads what nobody has read yet, and gives the sum of all of it. Nothing is to be read afterwards.
    pub(super) fn sum(&mut self) -> io::Result<Sum> {
        io::copy(self, &mut io::sink())?;
        let mut state = self.state();
        let sha256 = std::mem::take(&mut state.hash).finish();
        Ok(Sum { size: state.size, sha256 })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.state();
        let read = state.file.read(buffer)?;
        state.hash.update(&buffer[..read]);
        state.size += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_of_all_of_the_file_whoever_read_how_much_of_it() {
        let whole = vec![7; 100_000];
        let mut file = Hashed::new(Box::new(io::Cursor::new(whole.clone())));
        let mut some = [0; 777];
        file.clone().read_exact(&mut some).expect("read");
        let sum = file.sum().expect("read to its end");
        assert_eq!(sum, Sum { size: 100_000, sha256: crypto::sha256(&whole) });
    }
}
