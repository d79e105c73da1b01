//! The answer to a root key that others may know.

use super::{COPY, STOPPED, Speed, bar::Bar, name, new_root};
use crate::{config::Config, opening::Opened};
use anyhow::{Context, Result};
use domain::{Clock, SystemClock};
use practice::keys::{branches, rotate_patients, rotate_practice};

/// A new root, new practice keys, and with `patients` new patients' keys; says what is safe from when. Interrupted, the
/// same command does the root once more, which costs little, and goes on with the rest.
pub(super) async fn answer(opened: &Opened, config: &Config, speed: &Speed, patients: bool) -> Result<String> {
    let root = new_root(opened, config, speed).await?;
    let rooted = SystemClock.now();
    let house = &opened.house;
    let (mut practices, mut rewrapped, mut resealed) = (0_u64, 0, 0);
    for row in store::rows::practices::all(&house.stores.identity).await? {
        let bar = Bar::new();
        let rotation = speed.rotation(opened, &bar);
        practices += 1;
        for branch in branches(house, row.practice_id).await? {
            rewrapped += rotate_practice(&rotation, branch).await.context(STOPPED)?.rewrapped;
            if patients {
                resealed += rotate_patients(&rotation, branch, None).await.context(STOPPED)?.resealed;
            }
        }
    }
    let ended = SystemClock.now();
    let mut text = format!(
        "A new root, {}, is in force since {rooted}; {practices} practices have new keys, {rewrapped} patients' keys \
         are wrapped by them.\n{COPY}\n\
         Safe from {ended} on:\n  \
         - the leaked root opens nothing that this server stores, and nothing that it will store;\n  \
         - whoever takes a copy of the databases from now on needs the new root.\n\n\
         Not safe, whatever is done here:\n  \
         - copies of the databases from before {rooted}, backups included, open with the leaked root. Backups under \
         epoch keys stop doing so when their epoch's key is destroyed (`patella backup list` says when);\n  \
         - what somebody read while the root was known to them.\n",
        name(root),
    );
    text.push_str(&if patients {
        format!(
            "\nPatients' keys are new as well ({resealed} rows sealed anew): the keys in a copy of the key store from \
             before open nothing that this server stores.\n"
        )
    } else {
        "\nPatients' keys are the same ones. If somebody may have copied the key store AND known the root, do also:\n  \
         patella keys rotate patient all\n"
            .to_owned()
    });
    text.push_str(
        "\nThe server's own key (indexes, passwords' pepper, sessions) and the audit key are wrapped anew and not \
         replaced; docs/keys.md says what that means.\n",
    );
    Ok(text)
}
