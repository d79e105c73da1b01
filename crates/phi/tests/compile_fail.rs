//! What must not compile, each with the compiler's own words as a snapshot. The toolchain is pinned, so they hold still.

#[test]
fn what_breaks_the_laws_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
