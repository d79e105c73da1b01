//! Sending a file: a small one at once, a large one in parts that become a file together.

use super::wire::{Ask, Wire, WireError, between};
use crate::backup::target::{TargetError, Upload};
use rusty_s3::Method;
use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// The size of a part. S3 takes 10,000 of at least 5 MiB each: so the largest file has 320 GB.
const PART: usize = 32 << 20;

/// A file on its way.
pub(super) struct S3Upload {
    wire: Arc<Wire>,
    path: String,
    key: String,
    headers: Vec<(&'static str, String)>,
    lost: Arc<AtomicBool>,
    buffer: Vec<u8>,
    /// The number of an upload in parts, and the tags of the parts sent.
    parts: Option<(String, Vec<String>)>,
    done: bool,
}

impl S3Upload {
    pub(super) fn new(
        wire: Arc<Wire>,
        path: &str,
        headers: Vec<(&'static str, String)>,
        lost: Arc<AtomicBool>,
    ) -> Self {
        let key = wire.key(path);
        Self { wire, path: path.to_owned(), key, headers, lost, buffer: Vec::new(), parts: None, done: false }
    }

    fn send_part(&mut self) -> Result<(), WireError> {
        if self.parts.is_none() {
            let begin = Ask::new(Method::Post, &self.key).query(&[("uploads", "")]).headers(&self.headers);
            let said = self.wire.text(&begin)?;
            let upload = between(&said, "<UploadId>", "</UploadId>");
            let upload = upload.ok_or_else(|| WireError::Answer("an upload without a number".to_owned()))?;
            self.parts = Some((upload.to_owned(), Vec::new()));
        }
        let Some((upload, tags)) = &mut self.parts else { return Ok(()) };
        let number = (tags.len() + 1).to_string();
        let body = std::mem::take(&mut self.buffer);
        let query = [("partNumber", number.as_str()), ("uploadId", upload.as_str())];
        let answer = self.wire.ask(&Ask::new(Method::Put, &self.key).query(&query).body(body))?;
        let tag = answer.headers().get("etag").and_then(|tag| tag.to_str().ok());
        tags.push(tag.ok_or_else(|| WireError::Answer("a part without a tag".to_owned()))?.to_owned());
        Ok(())
    }

    fn complete(&mut self) -> Result<(), WireError> {
        if self.parts.is_none() {
            let body = std::mem::take(&mut self.buffer);
            return self.wire.ask(&Ask::new(Method::Put, &self.key).headers(&self.headers).body(body)).map(drop);
        }
        if !self.buffer.is_empty() {
            self.send_part()?;
        }
        let Some((upload, tags)) = &self.parts else { return Ok(()) };
        let part = |(number, tag): (usize, &String)| {
            format!("<Part><PartNumber>{}</PartNumber><ETag>{tag}</ETag></Part>", number + 1)
        };
        let list: String = tags.iter().enumerate().map(part).collect();
        let body = format!("<CompleteMultipartUpload>{list}</CompleteMultipartUpload>");
        let query = [("uploadId", upload.as_str())];
        let said = self.wire.text(&Ask::new(Method::Post, &self.key).query(&query).body(body.into_bytes()))?;
        // It may say 200 and fail all the same.
        match between(&said, "<Code>", "</Code>") {
            Some(code) => Err(WireError::Refused { status: 200, code: code.to_owned() }),
            None => Ok(()),
        }
    }
}

impl Write for S3Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PART - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        if self.buffer.len() == PART {
            self.send_part().map_err(WireError::into_io)?;
        }
        Ok(taken)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Upload for S3Upload {
    fn finish(mut self: Box<Self>) -> Result<(), TargetError> {
        if self.lost.load(Ordering::Relaxed) {
            return Err(TargetError::Busy);
        }
        self.complete().map_err(|error| error.at(format!("{} was not written", self.path)))?;
        self.done = true;
        Ok(())
    }
}

impl Drop for S3Upload {
    fn drop(&mut self) {
        if let (false, Some((upload, _))) = (self.done, &self.parts) {
            // What stays is found by `tidy`. Not waited for: this may be dropped where nobody may wait.
            let (wire, key, upload) = (self.wire.clone(), self.key.clone(), upload.clone());
            self.wire.runtime.spawn(async move {
                let query = [("uploadId", upload.as_str())];
                let _ = wire.asked(&Ask::new(Method::Delete, &key).query(&query)).await;
            });
        }
    }
}
