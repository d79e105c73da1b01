//! Passwords, factors and login sessions: mints Session<Full>.
