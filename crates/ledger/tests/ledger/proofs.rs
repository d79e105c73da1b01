//! Proofs of inclusion and of consistency: made for every place, refused when anything in them is changed.

use super::sample::{filled, log as log_name, signer, verifier_key};
use domain::SeededRng;
use ledger::{
    Checkpoint, Hash, LogReader, ProofError, Tile, TileSource, Tree, VerifierKey, consistency_proof, inclusion_proof,
    leaf_hash, node_hash, verify_consistency, verify_inclusion,
};
use std::convert::Infallible;

/// The tree of RFC 6962, section 2.1, word for word.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of_nothing(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&mth(left), &mth(right))
        }
    }
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

fn head(leaves: &[Hash]) -> Checkpoint {
    Checkpoint { size: leaves.len() as u64, root: mth(leaves) }
}

/// Tiles of leaves in memory.
struct Tiles(Vec<Hash>);

impl TileSource for Tiles {
    type Error = Infallible;
    fn tile(&mut self, tile: Tile, width: usize) -> Result<Option<Vec<Hash>>, Infallible> {
        let span = 256_usize.pow(u32::from(tile.level));
        let row = self.0.chunks_exact(span).map(mth).skip(tile.index as usize * 256).take(width).collect::<Vec<_>>();
        Ok((row.len() == width).then_some(row))
    }
}

#[test]
fn the_growing_tree_has_the_root_of_rfc_6962_at_every_size() {
    let (all, mut tree) = (leaves(1100), Tree::new());
    assert_eq!(tree.root(), mth(&[]));
    for (i, leaf) in all.iter().enumerate() {
        tree.push(*leaf, |_, hashes| assert_eq!(hashes.len(), 256));
        if i < 70 || i % 37 == 0 || (i + 2) % 256 < 4 {
            assert_eq!(tree.root(), mth(&all[..=i]), "size {}", i + 1);
        }
    }
}

#[test]
fn the_empty_tree_and_the_first_leaf_have_the_roots_that_rfc_6962_gives() {
    let hex = |hash: Hash| data_encoding::HEXLOWER.encode(&hash.0);
    assert_eq!(hex(Tree::new().root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(hex(leaf_hash(b"")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

#[test]
fn every_entry_of_every_small_log_and_some_of_a_large_one_prove_their_place() {
    for size in (1..40).chain([255, 256, 257, 600]) {
        let all = leaves(size);
        let head = head(&all);
        let mut tiles = Tiles(all.clone());
        for index in (0..size).step_by(if size < 40 { 1 } else { 13 }) {
            let proof = inclusion_proof(index, size, &mut tiles).expect("a proof");
            assert!(verify_inclusion(&all[index as usize], index, &head, &proof), "{index} of {size}");
            let other = (index + 1) % size;
            assert!(size == 1 || !verify_inclusion(&all[index as usize], other, &head, &proof));
        }
    }
}

#[test]
fn every_small_log_is_proven_to_continue_every_smaller_one() {
    for new in (0..40).chain([255, 256, 257, 600]) {
        let all = leaves(new);
        let mut tiles = Tiles(all.clone());
        for old in (0..=new).step_by(if new < 40 { 1 } else { 17 }) {
            let proof = consistency_proof(old, new, &mut tiles).expect("a proof");
            assert!(verify_consistency(&head(&all[..old as usize]), &head(&all), &proof), "{old} to {new}");
        }
    }
}

#[test]
fn a_proof_for_what_is_not_there_is_not_made() {
    let mut tiles = Tiles(leaves(10));
    assert!(matches!(inclusion_proof(10, 10, &mut tiles), Err(ProofError::Beyond { size: 10 })));
    assert!(matches!(consistency_proof(11, 10, &mut tiles), Err(ProofError::Beyond { size: 10 })));
    assert!(matches!(inclusion_proof(3, 700, &mut tiles), Err(ProofError::Missing { .. })));
}

/// Changes something in a proof: a bit, a hash too many, one too few, two swapped. Always differs from the original.
fn mutate(proof: &mut Vec<Hash>, rng: &SeededRng) {
    let original = proof.clone();
    while *proof == original {
        let at = rng.below(proof.len() as u64) as usize;
        match rng.below(5) {
            0 | 1 => proof[at].0[rng.below(32) as usize] ^= 1 << rng.below(8),
            2 => drop(proof.remove(at)),
            3 => proof.insert(at, original[rng.below(original.len() as u64) as usize]),
            _ => proof.swap(at, rng.below(original.len() as u64) as usize),
        }
    }
}

#[test]
fn a_thousand_changed_proofs_of_inclusion_are_all_refused() {
    let (rng, all) = (SeededRng::new(11), leaves(777));
    let mut tiles = Tiles(all.clone());
    for _ in 0..1000 {
        let size = 2 + rng.below(776);
        let index = rng.below(size);
        let (leaf, head) = (all[index as usize], head(&all[..size as usize]));
        let proof = inclusion_proof(index, size, &mut tiles).expect("a proof");
        let mut changed = proof.clone();
        mutate(&mut changed, &rng);
        assert!(!verify_inclusion(&leaf, index, &head, &changed), "{index} of {size}");
        let other = (index + 1 + rng.below(size - 1)) % size;
        assert!(!verify_inclusion(&leaf, other, &head, &proof), "the place {other} for {index} of {size}");
        assert!(!verify_inclusion(&all[other as usize], index, &head, &proof), "another leaf");
        assert!(!verify_inclusion(&leaf, size + rng.below(9), &head, &proof), "a place beyond the log");
        let mut root = head.clone();
        root.root.0[rng.below(32) as usize] ^= 1 << rng.below(8);
        assert!(!verify_inclusion(&leaf, index, &root, &proof), "another root");
    }
}

#[test]
fn a_thousand_changed_proofs_of_consistency_are_all_refused() {
    let (rng, all) = (SeededRng::new(12), leaves(777));
    let mut tiles = Tiles(all.clone());
    for _ in 0..1000 {
        let new = 3 + rng.below(774);
        let old = 1 + rng.below(new - 1);
        let (first, second) = (head(&all[..old as usize]), head(&all[..new as usize]));
        let proof = consistency_proof(old, new, &mut tiles).expect("a proof");
        let mut changed = proof.clone();
        mutate(&mut changed, &rng);
        assert!(!verify_consistency(&first, &second, &changed), "{old} to {new}");
        assert!(!verify_consistency(&second, &first, &proof), "backwards");
        let (bit, byte) = (1 << rng.below(8), rng.below(32) as usize);
        let (mut other_first, mut other_second) = (first.clone(), second.clone());
        other_first.root.0[byte] ^= bit;
        other_second.root.0[byte] ^= bit;
        assert!(!verify_consistency(&other_first, &second, &proof), "another old root");
        assert!(!verify_consistency(&first, &other_second, &proof), "another new root");
    }
    assert!(!verify_consistency(&head(&[]), &head(&all), &[Hash([0; 32])]));
    assert!(!verify_consistency(&Checkpoint { size: 0, root: Hash([0; 32]) }, &head(&all), &[]));
    assert!(!verify_consistency(&head(&all), &Checkpoint { size: 777, root: Hash([0; 32]) }, &[]));
}

#[test]
fn absurd_sizes_are_refused_without_harm() {
    let hash = Hash([7; 32]);
    let huge = Checkpoint { size: u64::MAX, root: hash };
    assert!(!verify_inclusion(&hash, u64::MAX - 1, &huge, &[hash; 100]));
    assert!(!verify_inclusion(&hash, u64::MAX, &huge, &[]));
    assert!(!verify_consistency(&Checkpoint { size: u64::MAX - 1, root: hash }, &huge, &[hash; 100]));
    assert!(!verify_consistency(&Checkpoint { size: 1 << 63, root: hash }, &huge, &[hash; 3]));
}

#[test]
fn a_written_log_proves_its_entries_against_its_signed_checkpoint() {
    let log = filled(600);
    let mut reader = LogReader::open(log.folder.path()).expect("opens");
    let head = reader.checkpoint(&verifier_key()).expect("signed");
    for index in [0, 255, 256, 511, 512, 599] {
        let leaf = leaf_hash(&reader.read(index, 1).expect("read")[0]);
        let proof = inclusion_proof(index, head.size, &mut reader).expect("a proof");
        assert!(verify_inclusion(&leaf, index, &head, &proof));
    }
}

#[test]
fn a_verifier_key_is_written_as_other_tools_read_it_and_read_back() {
    let key = verifier_key();
    let text = key.to_string();
    assert!(text.starts_with("practice.example/audit/node-1+") && text.matches('+').count() >= 2);
    assert_eq!(text.parse::<VerifierKey>().expect("reads"), key);
    assert_eq!(key, VerifierKey::new(log_name(), signer().public()));
    for bad in ["", "a+b", "a+00000000+AAAA", &text.replacen("practice", "practise", 1), &format!("{text}A")] {
        assert!(bad.parse::<VerifierKey>().is_err(), "{bad}");
    }
    // The example of the Go documentation of signed notes.
    let peter = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert_eq!(peter.parse::<VerifierKey>().expect("reads").to_string(), peter);
}
