//! Role × permission × relationship, as a snapshot to review.

use domain::{PermissionName, Role};
use phi::{Policy, Relation};

#[test]
fn the_matrix_of_roles_permissions_and_relationships_is_as_reviewed() {
    let policy = Policy::built_in().expect("the policies are valid");
    let team = Relation { on_care_team: true, registered: true, ..Relation::default() };
    let all = Relation { assigned: true, is_self: true, billed: true, ..team };
    let glass = Relation { glass: true, registered: true, ..Relation::default() };
    let relations = [
        ("on the care team", team),
        ("  notes withheld", Relation { notes_withheld: true, ..team }),
        ("  own, withheld", Relation { notes_withheld: true, assigned: true, ..team }),
        ("  kept away", Relation { kept_away: true, ..all }),
        ("  made twice", Relation { merged: true, ..team }),
        ("  being destroyed", Relation { condemned: true, ..all }),
        ("glass broken", glass),
        ("  notes withheld", Relation { notes_withheld: true, ..glass }),
        ("  kept away", Relation { kept_away: true, ..glass }),
        ("  made twice", Relation { merged: true, ..glass }),
        ("  being destroyed", Relation { condemned: true, ..glass }),
        ("  looked into", Relation { under_review: true, registered: true, ..Relation::default() }),
        (
            "  by one kept away",
            Relation { under_review: true, kept_away: true, registered: true, ..Relation::default() },
        ),
        ("told of a breach", Relation { affected: true, registered: true, ..Relation::default() }),
        ("  by one kept away", Relation { affected: true, kept_away: true, registered: true, ..Relation::default() }),
        ("own record", Relation { is_self: true, registered: true, ..Relation::default() }),
        ("come to by account", Relation { billed: true, registered: true, ..Relation::default() }),
        ("registered here", Relation { registered: true, ..Relation::default() }),
        ("being brought in", Relation { newcomer: true, ..Relation::default() }),
        ("elsewhere or nobody", Relation::default()),
    ];
    let mut matrix = String::new();
    for role in Role::ALL {
        matrix.push_str(&format!("{role}\n"));
        for (name, relation) in relations {
            let allowed = PermissionName::ALL.iter().filter(|p| policy.on_patient(*role, **p, relation).allowed);
            matrix.push_str(&line(name, allowed));
        }
        let allowed = PermissionName::ALL.iter().filter(|p| policy.on_practice(*role, **p).allowed);
        matrix.push_str(&line("the practice", allowed));
        for (name, known) in [("a billing account", true), ("no such account", false)] {
            let allowed = PermissionName::ALL.iter().filter(|p| policy.on_billing_account(*role, **p, known).allowed);
            matrix.push_str(&line(name, allowed));
        }
    }
    insta::assert_snapshot!(matrix);
}

fn line<'p>(relation: &str, allowed: impl Iterator<Item = &'p PermissionName>) -> String {
    let words: Vec<_> = allowed.map(|permission| permission.word()).collect();
    format!("  {relation:<20} {}\n", if words.is_empty() { "-".to_owned() } else { words.join(" ") })
}
