//! The exercises of a practice and their pictures.

use super::*;

#[tokio::test]
async fn the_library_is_narrowed_down_by_word_and_region() {
    let clinic = Clinic::new().await;
    let names = async |query: &str| {
        let found = clinic.read(&format!("/api/v1/exercises{query}")).await.json();
        let items = found["items"].as_array().expect("a list").clone();
        items.iter().map(|item| item["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["Bridge", "Squat"]);
    assert_eq!(names("?q=SQU&region=knee").await, ["Squat"]);
    assert_eq!(names("?region=hip").await, Vec::<String>::new());
    let first = clinic.read("/api/v1/exercises?limit=1").await.json();
    let next = first["next"].as_str().expect("more").to_owned();
    assert_eq!(names(&format!("?limit=1&cursor={next}")).await, ["Squat"]);
    let page = clinic.site.open(&format!("/exercises/{}", clinic.squat), &clinic.cookie).await;
    assert!(page.text().contains("Bend the knees."));
    assert_eq!(clinic.read(&format!("/api/v1/exercises/{}/pictures/0", clinic.squat)).await.status, 404);
}

#[tokio::test]
async fn a_picture_is_served_as_it_was_stored_and_not_when_it_was_changed() {
    let clinic = Clinic::new().await;
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
    let digest = crypto::sha256(svg);
    let row = exercises::PictureRow { position: 0, digest, media_type: "image/svg+xml".into(), width: 1, height: 1 };
    let batch = exercises::replace_pictures(Batch::new(), clinic.practice, clinic.squat, &[row]);
    clinic.site.house.stores.clinical.commit(batch).await.expect("stored");
    practice::media::keep(&clinic.site.house.media, &digest, svg).expect("kept");
    let path = format!("/exercises/{}/pictures/0", clinic.squat);
    let picture = clinic.site.open(&path, &clinic.cookie).await;
    assert_eq!((picture.status.as_u16(), picture.header("content-type")), (200, Some("image/svg+xml")));
    assert!(picture.header("cache-control").expect("said").starts_with("private, "));
    assert_eq!(picture.body.as_ref(), svg);
    std::fs::write(practice::media::path(&clinic.site.house.media, &digest), b"<script/>").expect("written");
    assert_eq!(clinic.site.open(&path, &clinic.cookie).await.status, 500);
}
