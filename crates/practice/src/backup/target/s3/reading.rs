//! Reading a file of the bucket.

use super::wire::{Ask, TRIES, Wire, WireError};
use bytes::Bytes;
use reqwest::Response;
use rusty_s3::Method;
use std::{
    io::{self, Read},
    sync::Arc,
};

/// Reads a file; where the line breaks, it goes on from there, if the file is still the same.
pub(super) struct Reader {
    wire: Arc<Wire>,
    key: String,
    answer: Response,
    tag: Option<String>,
    piece: Bytes,
    read: u64,
    length: Option<u64>,
}

impl Reader {
    pub(super) fn open(wire: Arc<Wire>, key: String) -> Result<Self, WireError> {
        let answer = wire.ask(&Ask::new(Method::Get, &key))?;
        let tag = answer.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let length = answer.content_length();
        Ok(Self { wire, key, answer, tag, piece: Bytes::new(), read: 0, length })
    }

    fn next(&mut self) -> Result<Option<Bytes>, WireError> {
        let runtime = self.wire.runtime.clone();
        for _ in 0..TRIES {
            match runtime.block_on(self.answer.chunk()) {
                Ok(Some(piece)) => return Ok(Some(piece)),
                Ok(None) if self.length.is_none_or(|length| self.read >= length) => return Ok(None),
                Ok(None) => {}
                Err(error) => {
                    let error = error.without_url();
                    tracing::debug!(
                        error = &error as &dyn std::error::Error,
                        "a file of the backup storage is read on"
                    );
                }
            }
            let mut headers = vec![("range", format!("bytes={}-", self.read))];
            headers.extend(self.tag.clone().map(|tag| ("if-match", tag)));
            self.answer = self.wire.ask(&Ask::new(Method::Get, &self.key).headers(&headers))?;
        }
        Err(WireError::Answer("it breaks off again and again".to_owned()))
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.piece.is_empty() {
            match self.next().map_err(WireError::into_io)? {
                Some(piece) => {
                    self.read += piece.len() as u64;
                    self.piece = piece;
                }
                None => return Ok(0),
            }
        }
        let taken = self.piece.split_to(self.piece.len().min(buffer.len()));
        buffer[..taken.len()].copy_from_slice(&taken);
        Ok(taken.len())
    }
}
