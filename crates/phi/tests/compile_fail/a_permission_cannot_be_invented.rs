//! The kernel's traits are closed.
struct ReadEverything;

impl phi::Permission for ReadEverything {
    const NAME: domain::PermissionName = domain::PermissionName::ReadExercise;
    const CLASSES: &'static [phi::ClassId] = &[phi::ClassId::Note];
}

fn main() {}
