//! Backups, bringing them back and moving, through their public face, on practices in files and in PostgreSQL.

mod backup {
    mod bring_back;
    mod broken_line;
    mod courier;
    mod cut;
    mod damage;
    mod databases;
    mod dropped;
    mod full_disk;
    mod killed;
    mod letting_go;
    mod moving;
    mod outside_tools;
    mod s3;
    mod scene;
    mod turncoat;
}

#[path = "billing/scene.rs"]
#[allow(dead_code, reason = "what tests of billing ask of their scene besides")]
mod visited;
