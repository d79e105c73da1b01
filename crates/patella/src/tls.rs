//! A certificate for the demo: an authority made for this machine, used once, and forgotten.

use anyhow::{Context, Result};
use domain::{Clock, Date, Timezone};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree,
    IsCa, KeyPair, KeyUsagePurpose, NameConstraints, SanType, date_time_ymd,
};
use std::{
    fs,
    io::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Days that a certificate of ours is good for: browsers take no more than 398.
const DAYS: i64 = 397;
/// Days before its end when a new one is made.
const RENEW: i64 = 14;

/// Files of the demo's certificate, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalTls {
    /// The authority, for a browser's or a tool's list of trusted ones.
    pub(crate) authority: PathBuf,
    /// The server's certificate.
    pub(crate) certificate: PathBuf,
    /// The server's private key.
    pub(crate) key: PathBuf,
}

/// Makes an authority and a certificate for `localhost`, `127.0.0.1` and `::1` in `folder`, or keeps what is there while
/// it is good. The authority's private key is never written down, and the authority can sign for no other name: whoever
/// trusts it trusts it for this machine only.
pub(crate) fn local(folder: &Path, clock: &dyn Clock) -> Result<LocalTls> {
    let files = LocalTls {
        authority: folder.join("ca.pem"),
        certificate: folder.join("localhost.pem"),
        key: folder.join("localhost.key"),
    };
    let until = folder.join("good-until");
    let today = Timezone::new("UTC")?.day_of(clock.now());
    let good = fs::read_to_string(&until).ok().and_then(|text| text.trim().parse::<Date>().ok());
    let all_there = [&files.authority, &files.certificate, &files.key].iter().all(|file| file.is_file());
    if all_there && good.is_some_and(|good| days_later(today, RENEW).is_some_and(|soon| soon < good)) {
        return Ok(files);
    }
    let end = days_later(today, DAYS).context("the calendar ends")?;
    let (authority, certificate, key) = make(today, end).context("cannot make a certificate")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    // The date goes first and comes last: files that were half written are made anew.
    match fs::remove_file(&until) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error).context("cannot renew"),
        _ => {}
    }
    write(&files.key, &key, 0o600)?;
    write(&files.certificate, &certificate, 0o644)?;
    write(&files.authority, &authority, 0o644)?;
    write(&until, &end.to_string(), 0o644)?;
    Ok(files)
}

fn days_later(day: Date, days: i64) -> Option<Date> {
    day.checked_add(jiff::Span::new().days(days)).ok()
}

/// The authority's certificate, the server's, and the server's key, all PEM.
fn make(today: Date, end: Date) -> Result<(String, String, String), rcgen::Error> {
    let moment = |day: Date| date_time_ymd(day.year().into(), day.month().unsigned_abs(), day.day().unsigned_abs());
    // A day earlier, for clocks that are behind.
    let start = moment(days_later(today, -1).unwrap_or(today));

    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "Patella on this machine");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("localhost".to_owned()),
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(IpAddr::V4(Ipv4Addr::LOCALHOST), 32)),
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(IpAddr::V6(Ipv6Addr::LOCALHOST), 128)),
        ],
        excluded_subtrees: Vec::new(),
    });
    (params.not_before, params.not_after) = (start, moment(end));
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

    let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.subject_alt_names.push(SanType::IpAddress(Ipv4Addr::LOCALHOST.into()));
    params.subject_alt_names.push(SanType::IpAddress(Ipv6Addr::LOCALHOST.into()));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    (params.not_before, params.not_after) = (start, moment(end));
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &authority)?;
    Ok((authority.pem(), certificate.pem(), key.serialize_pem()))
}

fn write(file: &Path, text: &str, mode: u32) -> Result<()> {
    let said = || format!("cannot write {}", file.display());
    // Removed first: the mode counts only for a file that is made.
    let _ = fs::remove_file(file);
    let mut options = fs::OpenOptions::new();
    let mut open = options.write(true).create_new(true).mode(mode).open(file).with_context(said)?;
    open.write_all(text.as_bytes()).and_then(|()| open.sync_all()).with_context(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::FixedClock;
    use std::os::unix::fs::PermissionsExt;
    use web::server::Certificates;

    #[test]
    fn a_certificate_is_kept_while_it_is_good_and_its_key_is_the_owners_alone() {
        let folder = tempfile::tempdir().expect("folder");
        let clock = FixedClock::new("2026-11-22T12:00:00Z".parse().expect("moment"));
        let files = local(folder.path(), &clock).expect("made");
        Certificates::load(&files.certificate, &files.key).expect("usable");
        let mode = fs::metadata(&files.key).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let read = |file: &Path| fs::read_to_string(file).expect("read");
        let (first, authority) = (read(&files.certificate), read(&files.authority));
        assert!(!authority.contains("PRIVATE"));
        assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 4, "no other key lies about");

        clock.advance_seconds(300 * 86_400);
        local(folder.path(), &clock).expect("kept");
        assert_eq!(read(&files.certificate), first);
        clock.advance_seconds(90 * 86_400);
        local(folder.path(), &clock).expect("renewed");
        assert_ne!(read(&files.certificate), first);
    }
}
