//! The editor over a library of a thousand exercises.

use super::*;
use store::Batch;

/// As many more entries as an import of the free-exercise-db brings.
async fn import(clinic: &Clinic) {
    let mut batch = Batch::new();
    for n in 0..868 {
        let row = ExerciseRow {
            practice_id: clinic.practice,
            exercise_id: ExerciseId::random(&SystemRng),
            source: ExerciseSource::FreeExerciseDb,
            source_ref: format!("Exercise_{n}"),
            name: format!("Zebra stretch {n}, a name of the usual length"),
            region: if n % 2 == 0 { BodyRegion::Knee } else { BodyRegion::Hip },
            equipment: Equipment::Barbell,
            steps: format!("[\"{}\"]", "Stand up. ".repeat(60)),
            cautions: "[]".to_owned(),
            pictures: 0,
            created_at: clinic.site.now(),
            updated_at: clinic.site.now(),
        };
        batch = exercises::upsert(batch, &row);
    }
    clinic.site.house.stores.clinical.commit(batch).await.expect("stored");
}

#[tokio::test]
async fn the_editor_stays_small_whatever_the_library_holds() {
    let clinic = Clinic::new().await;
    let small = clinic.page("/program/edit").await;
    import(&clinic).await;
    let large = clinic.page("/program/edit").await;
    println!("editor: {} bytes with 2 exercises, {} with 870", small.body.len(), large.body.len());
    assert!(large.body.len() < 48 * 1024, "{}", large.body.len());
    assert!(large.text().contains("The first 24 of 870 exercises"));
    let found = clinic.site.open("/exercises/picks?q=ZEBRA+867&region=hip", &clinic.cookie).await;
    assert!(found.status == 200 && found.text().contains("Zebra stretch 867") && found.text().contains("1 of 870"));
    assert!(found.body.len() < 8 * 1024);
    let more = clinic.site.open("/exercises/picks?q=zebra&most=48", &clinic.cookie).await.text();
    assert_eq!(more.matches("data-entry").count(), 48);
    let most = clinic.site.open("/exercises/picks?most=100000", &clinic.cookie).await.text();
    assert!(most.matches("data-entry").count() <= 240 && !most.contains("Show more"));
    assert_eq!(clinic.site.open("/exercises/picks?diagnosis=x", &clinic.cookie).await.status, 422);
}

#[tokio::test]
async fn without_a_script_the_library_is_searched_and_nothing_typed_is_lost() {
    let clinic = Clinic::new().await;
    import(&clinic).await;
    let typed = "title=My+own+title&starts_on=2026-05-14&find=zebra+860&find_region=knee&do=find";
    let page = clinic.submit("/program/edit", typed).await;
    assert_eq!(page.status, 200);
    for shown in ["My own title", "value=\"zebra 860\"", "value=\"knee\" selected", "Zebra stretch 860", "1 of 870"] {
        assert!(page.text().contains(shown), "{shown}");
    }
    let more = clinic.submit("/program/edit", "title=T&find=zebra&do=find:48").await.text();
    assert_eq!(more.matches("data-entry").count(), 48);
    // An exercise that stands on no page of the list can be added by its id, and keeps its name.
    let added = clinic.submit("/program/edit", &format!("title=T&find=zebra&do=add:{}", clinic.bridge)).await.text();
    assert!(added.contains("items[0].exercise_id") && added.contains("Bridge"));
    assert_eq!(clinic.read(&clinic.at("/program")).await.status, 404, "nothing was signed");
}
