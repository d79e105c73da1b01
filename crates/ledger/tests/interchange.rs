//! An outside verifier, written from C2SP signed-note, tlog-checkpoint and tlog-tiles and from RFC 6962 alone. It uses nothing
//! of the ledger or of our crypto: only what a stranger with the public key and the published files has. The ledger writes;
//! the stranger reads.

#[path = "ledger/dropping_sample.rs"]
mod dropping_sample;
#[path = "ledger/sample.rs"]
mod sample;

/// The stranger.
mod stranger {
    use aws_lc_rs::{digest, signature};
    use data_encoding::BASE64;
    use std::{fs, path::Path};

    pub(crate) type Hash = [u8; 32];

    fn sha256(parts: &[&[u8]]) -> Hash {
        let mut context = digest::Context::new(&digest::SHA256);
        parts.iter().for_each(|part| context.update(part));
        context.finish().as_ref().try_into().expect("32 bytes")
    }

    pub(crate) fn leaf(entry: &[u8]) -> Hash {
        sha256(&[&[0], entry])
    }

    fn node(left: &Hash, right: &Hash) -> Hash {
        sha256(&[&[1], left, right])
    }

    /// RFC 6962, section 2.1.
    pub(crate) fn mth(leaves: &[Hash]) -> Hash {
        match leaves.len() {
            0 => sha256(&[]),
            1 => leaves[0],
            n => node(&mth(&leaves[..k(n)]), &mth(&leaves[k(n)..])),
        }
    }

    /// The largest power of two smaller than `n`.
    fn k(n: usize) -> usize {
        let mut k = 1;
        while k * 2 < n {
            k *= 2;
        }
        k
    }

    /// The root that an inclusion path (RFC 6962, section 2.1.1) gives for leaf `m` of `n`.
    pub(crate) fn root_of_inclusion(leaf: Hash, m: usize, n: usize, path: &[Hash]) -> Option<Hash> {
        if n == 1 {
            return path.is_empty().then_some(leaf);
        }
        let (top, below) = path.split_last()?;
        if m < k(n) {
            Some(node(&root_of_inclusion(leaf, m, k(n), below)?, top))
        } else {
            Some(node(top, &root_of_inclusion(leaf, m - k(n), n - k(n), below)?))
        }
    }

    /// The old and the new root that a consistency proof (RFC 6962, section 2.1.2) gives; `known` is the old root while
    /// the subtree in hand is the whole old tree.
    pub(crate) fn roots_of_consistency(
        m: usize,
        n: usize,
        proof: &[Hash],
        known: Option<Hash>,
    ) -> Option<(Hash, Hash)> {
        if m == n {
            return match (known, proof) {
                (Some(root), []) => Some((root, root)),
                (None, [root]) => Some((*root, *root)),
                _ => None,
            };
        }
        let (top, below) = proof.split_last()?;
        if m <= k(n) {
            let (old, new) = roots_of_consistency(m, k(n), below, known)?;
            Some((old, node(&new, top)))
        } else {
            let (old, new) = roots_of_consistency(m - k(n), n - k(n), below, None)?;
            Some((node(top, &old), node(top, &new)))
        }
    }

    /// Size and root of a checkpoint signed by the key `vkey` (`name+hash+base64`).
    pub(crate) fn checkpoint(note: &[u8], vkey: &str) -> Option<(usize, Hash)> {
        let note = std::str::from_utf8(note).ok()?;
        let (name, rest) = vkey.split_once('+')?;
        let (hash, key) = rest.split_once('+')?;
        let key = BASE64.decode(key.as_bytes()).ok()?;
        let id = &sha256(&[name.as_bytes(), b"\n", &key])[..4];
        if key[0] != 1 || data_encoding::HEXLOWER.encode(id) != hash {
            return None;
        }
        let end = note.rfind("\n\n")?;
        let text = &note[..end + 1];
        let mut verified = false;
        for line in note[end + 2..].strip_suffix('\n')?.split('\n') {
            let (signer, blob) = line.strip_prefix("— ")?.split_once(' ')?;
            let blob = BASE64.decode(blob.as_bytes()).ok()?;
            if signer == name && blob.get(..4)? == id {
                let public = signature::UnparsedPublicKey::new(&signature::ED25519, &key[1..]);
                public.verify(text.as_bytes(), &blob[4..]).ok()?;
                verified = true;
            }
        }
        let lines: Vec<&str> = text.strip_suffix('\n')?.split('\n').collect();
        let size: usize = lines.get(1)?.parse().ok()?;
        let root = BASE64.decode(lines.get(2)?.as_bytes()).ok()?.try_into().ok()?;
        (verified && lines[0] == name && lines[1] == size.to_string()).then_some((size, root))
    }

    /// `<N>` of tlog-tiles: groups of three digits.
    fn index(n: usize) -> String {
        if n < 1000 { format!("{n:03}") } else { format!("x{}/{:03}", index(n / 1000), n % 1000) }
    }

    fn resource(prefix: &Path, kind: &str, n: usize, width: usize) -> Option<Vec<u8>> {
        let path = format!("tile/{kind}/{}", index(n));
        let partial = if width < 256 { format!("{path}.p/{width}") } else { path };
        fs::read(prefix.join(partial)).ok()
    }

    /// All entries of a log of `size`, from the bundles that a checkpoint of that size promises.
    pub(crate) fn entries(prefix: &Path, size: usize) -> Option<Vec<Vec<u8>>> {
        let mut entries = Vec::new();
        while entries.len() < size {
            let width = (size - entries.len()).min(256);
            let bundle = resource(prefix, "entries", entries.len() / 256, width)?;
            let (mut rest, before) = (bundle.as_slice(), entries.len());
            while let Some((len, after)) = rest.split_first_chunk::<2>() {
                let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
                entries.push(entry.to_vec());
                rest = after;
            }
            if !rest.is_empty() || entries.len() - before != width {
                return None;
            }
        }
        Some(entries)
    }

    /// Whether every tile that a checkpoint of this size promises is there and holds the tree's hashes.
    fn tiles_agree(prefix: &Path, leaves: &[Hash]) -> bool {
        let (mut row, mut level) = (leaves.to_vec(), 0);
        while !row.is_empty() {
            for (n, hashes) in row.chunks(256).enumerate() {
                if resource(prefix, &level.to_string(), n, hashes.len()) != Some(hashes.concat()) {
                    return false;
                }
            }
            row = row.chunks_exact(256).map(mth).collect();
            level += 1;
        }
        true
    }

    /// The same of a log of which the first entries are not there any more: the tiles of the lowest level have their hashes.
    pub(crate) fn audit_after(prefix: &Path, vkey: &str, gone: usize) -> Option<(usize, Hash, Vec<Hash>)> {
        let (size, root) = checkpoint(&fs::read(prefix.join("checkpoint")).ok()?, vkey)?;
        let mut leaves = Vec::new();
        while leaves.len() < size {
            let (n, width) = (leaves.len() / 256, (size - leaves.len()).min(256));
            let hashes = resource(prefix, "0", n, width)?;
            let bundle = resource(prefix, "entries", n, width);
            if bundle.is_none() && leaves.len() >= gone {
                return None;
            }
            let mut rest = bundle.as_deref().unwrap_or_default();
            for hash in hashes.as_chunks::<32>().0 {
                if bundle.is_some() {
                    let (len, after) = rest.split_first_chunk::<2>()?;
                    let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
                    if leaf(entry) != *hash {
                        return None;
                    }
                    rest = after;
                }
                leaves.push(*hash);
            }
        }
        (mth(&leaves) == root && tiles_agree(prefix, &leaves)).then_some((size, root, leaves))
    }

    /// Checks everything that is published; gives size, root and leaves.
    pub(crate) fn audit(prefix: &Path, vkey: &str) -> Option<(usize, Hash, Vec<Hash>)> {
        let (size, root) = checkpoint(&fs::read(prefix.join("checkpoint")).ok()?, vkey)?;
        let leaves: Vec<Hash> = entries(prefix, size)?.iter().map(|entry| leaf(entry)).collect();
        (mth(&leaves) == root && tiles_agree(prefix, &leaves)).then_some((size, root, leaves))
    }
}

use domain::SeededRng;
use ledger::{LogReader, consistency_proof, inclusion_proof};
use sample::{filled, verifier_key};
use std::fs;

#[test]
fn a_stranger_accepts_every_size_that_the_ledger_publishes() {
    let vkey = verifier_key().to_string();
    for size in [0, 1, 2, 255, 256, 257, 600] {
        let log = filled(size);
        let audited = stranger::audit(log.folder.path(), &vkey).map(|(size, _, _)| size as u64);
        assert_eq!(audited, Some(size), "a log of {size}");
        let head = fs::read(&log.second).expect("the second path has the same head");
        assert_eq!(head, fs::read(log.folder.path().join("checkpoint")).expect("read"));
    }
}

#[test]
fn a_stranger_accepts_a_log_whose_tree_reaches_the_third_level_of_tiles() {
    // More than 65,536 entries, in large batches.
    let log = filled(10);
    let (ledger, runtime) = (log.open(), sample::runtime());
    let handle = ledger.handle();
    for first in (10..66_010).step_by(6000) {
        let batch = (first..first + 6000).map(sample::entry).collect();
        runtime.block_on(handle.append(batch)).expect("appended");
    }
    ledger.close();
    let audited = stranger::audit(log.folder.path(), &verifier_key().to_string());
    assert_eq!(audited.map(|(size, _, _)| size), Some(66_010));
    ledger::verify(log.folder.path(), &verifier_key(), &[log.second]).expect("whole");
}

#[test]
fn a_stranger_refuses_a_log_with_one_bit_flipped_in_what_is_published() {
    let (log, rng, vkey) = (filled(600), SeededRng::new(21), verifier_key().to_string());
    let published = [
        "checkpoint",
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/88",
        "tile/1/000.p/2",
        "tile/entries/000",
        "tile/entries/001",
        "tile/entries/002.p/88",
    ];
    for name in published {
        let path = log.folder.path().join(name);
        let original = fs::read(&path).expect("published");
        for _ in 0..12 {
            let mut changed = original.clone();
            let place = rng.below(changed.len() as u64) as usize;
            changed[place] ^= 1 << rng.below(8);
            fs::write(&path, changed).expect("write");
            assert_eq!(stranger::audit(log.folder.path(), &vkey), None, "byte {place} of {name}");
        }
        fs::write(&path, original).expect("write");
    }
    assert!(stranger::audit(log.folder.path(), &vkey).is_some());
}

#[test]
fn a_stranger_accepts_our_proofs_and_refuses_them_when_they_are_changed() {
    let (log, rng, vkey) = (filled(300), SeededRng::new(22), verifier_key().to_string());
    let (old_size, old_root, _) = stranger::audit(log.folder.path(), &vkey).expect("whole");
    log.append(477);
    let (size, root, leaves) = stranger::audit(log.folder.path(), &vkey).expect("whole");
    let mut reader = LogReader::open(log.folder.path()).expect("opens");
    for _ in 0..200 {
        let index = rng.below(size as u64);
        let proof = inclusion_proof(index, size as u64, &mut reader).expect("a proof");
        let mut path: Vec<stranger::Hash> = proof.iter().map(|hash| hash.0).collect();
        let (leaf, at) = (leaves[index as usize], index as usize);
        assert_eq!(stranger::root_of_inclusion(leaf, at, size, &path), Some(root));
        let place = rng.below(path.len() as u64) as usize;
        path[place][rng.below(32) as usize] ^= 1 << rng.below(8);
        assert_ne!(stranger::root_of_inclusion(leaf, at, size, &path), Some(root));
        path.remove(place);
        assert_ne!(stranger::root_of_inclusion(leaf, at, size, &path), Some(root));
    }
    for old in (1..size).step_by(7).chain([old_size]) {
        let proof = consistency_proof(old as u64, size as u64, &mut reader).expect("a proof");
        let mut proof: Vec<stranger::Hash> = proof.iter().map(|hash| hash.0).collect();
        let first = stranger::mth(&leaves[..old]);
        assert!(old != old_size || first == old_root, "the old checkpoint is that of the first entries");
        let roots = |proof: &[stranger::Hash]| stranger::roots_of_consistency(old, size, proof, Some(first));
        assert_eq!(roots(&proof), Some((first, root)), "{old} to {size}");
        let place = rng.below(proof.len() as u64) as usize;
        proof[place][rng.below(32) as usize] ^= 1 << rng.below(8);
        assert_ne!(roots(&proof), Some((first, root)));
        proof.remove(place);
        assert_ne!(roots(&proof), Some((first, root)));
    }
}

#[test]
fn a_stranger_accepts_a_log_whose_old_segments_were_dropped_and_its_proofs() {
    let (log, vkey) = (filled(700), verifier_key().to_string());
    let before = stranger::audit(log.folder.path(), &vkey).expect("whole");
    dropping_sample::drop_before(&log, 512);
    log.append(99);
    assert_eq!(stranger::audit(log.folder.path(), &vkey), None, "entries are not there any more");
    let (size, root, leaves) = stranger::audit_after(log.folder.path(), &vkey, 512).expect("whole");
    assert_eq!((size, &leaves[..700]), (800, &before.2[..]));
    let mut reader = LogReader::open(log.folder.path()).expect("opens");
    for (at, leaf) in leaves.iter().enumerate() {
        let proof = inclusion_proof(at as u64, 800, &mut reader).expect("a proof");
        let path: Vec<stranger::Hash> = proof.iter().map(|hash| hash.0).collect();
        assert_eq!(stranger::root_of_inclusion(*leaf, at, size, &path), Some(root), "{at}");
    }
    let proof = consistency_proof(700, 800, &mut reader).expect("a proof");
    let proof: Vec<stranger::Hash> = proof.iter().map(|hash| hash.0).collect();
    assert_eq!(stranger::roots_of_consistency(700, 800, &proof, Some(before.1)), Some((before.1, root)));
    std::fs::remove_file(log.folder.path().join("tile/entries/002")).expect("removed");
    assert_eq!(stranger::audit_after(log.folder.path(), &vkey, 512), None, "what was not dropped is missed");
}
