//! The trusted kernel: registry, Sealed, Grant, Guard, Keyring, policy.
