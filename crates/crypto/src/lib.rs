//! AEAD, key wrapping, key derivation, blind indexes and signatures over aws-lc-rs.
