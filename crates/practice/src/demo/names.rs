//! Names of people who do not exist: given and family names from many places, put together by chance.

use domain::SeededRng;

/// Given names, parted by spaces.
pub(super) const GIVEN: &str = "\
    Aaliyah Aaron Abdullah Abena Ada Adaeze Adam Adriana Agnes Ahmed Aiko Aisha Akira Alba Alejandro Alice Alina \
    Amara Amina Amir Amit Ana Anders Andrea Aneta Anh Anika Anna Annika Antonio Aoife Arjun Armando Arthur Asha \
    Astrid Aurora Ayumi Babak Beatriz Ben Bianca Björn Boris Bridget Bruno Camila Carlos Carmen Cem Chandra \
    Chiara Chidi Chloe Ciarán Clara Claudia Connor Cristina Dalia Daniel Daria David Deborah Deepak Denise Diego \
    Dmitri Dolores Dong Edith Eduardo Efua Eileen Elena Elias Elif Ellen Emeka Emil Emma Enrique Erik Esther Eva \
    Fadi Faisal Farah Fatima Felix Fernando Fiona Florence Francisco Freya Gabriel Gloria Grace Greta Guillermo \
    Gustav Habib Hana Hannah Harold Haruka Hassan Hector Heidi Helena Henrik Hiroshi Hugo Ibrahim Ida Ifeoma \
    Ilse Imani Ines Irina Isaac Isabel Ivan Ivy Jabari Jakub James Jamila Jasmine Javier Jens Jia Joan Johan \
    Jonas Jorge Josephine Juan Judith Julia Kamala Karim Katarzyna Kavita Keiko Kemal Khadija Kofi Kwame Lakshmi \
    Lara Lars Latoya Laura Layla Leif Leo Leticia Lien Linda Liu Lucas Lucia Luis Magnus Maja Malik Manuel \
    Marcus Margaret Maria Marisol Mark Martha Matteo Maya Mehmet Mei Mercedes Miguel Mikhail Minh Miriam \
    Mohammed Monica Nadia Naoko Naomi Nasrin Natalia Neha Niamh Nikhil Nikola Nina Noah Nora Olga Oliver Olumide \
    Oscar Padma Paolo Patricia Paul Pedro Petra Philip Pia Pooja Rachel Rafael Rahul Ramon Rania Ravi Rebecca \
    Renata Rhys Rosa Rui Ruth Sabine Sakura Salma Samir Samuel Sandra Sanjay Sara Sasha Sean Selma Shirin \
    Siddharth Silvia Simone Siobhán Sofia Sophie Stefan Sunita Susan Svetlana Takumi Tamara Tariq Teresa Theo \
    Thomas Tobias Tomás Uchenna Uma Ursula Valentina Vera Victor Vijay Vincent Viola Wanda Wei William Ximena \
    Yara Yasmin Yolanda Yuki Yusuf Zainab Zara Zoe Zofia";

/// Family names, parted by spaces.
pub(super) const FAMILY: &str = "\
    Abara Abbott Abe Acosta Adams Adebayo Agarwal Aguilar Ahmadi Alvarez Andersen Anderson Arslan Asante Aydin \
    Baker Banerjee Barry Bauer Becker Bello Bennett Berg Bianchi Boateng Bondar Braun Brennan Brooks Byrne \
    Cabrera Campbell Carter Castillo Castro Chan Chavez Chen Chopra Christensen Clarke Cohen Collins Conti Costa \
    Cruz Dahl Danso Das Davies Delgado Demir Desai Diallo Diaz Dimitrov Doyle Dubois Duong Durand Edwards Eklund \
    Ekwueme Eriksen Espinoza Evans Farah Farouk Fernandes Ferrari Fischer Flores Foster Fournier Fujita \
    Gallagher Garcia Gomez Gonzalez Gordon Graham Greco Green Guerrero Gupta Haddad Hansen Hashimoto Hassan \
    Hayes Heikkinen Hernandez Hoang Hoffmann Holm Horvath Hossain Huang Hughes Hussain Ibarra Ito Ivanov Iyer \
    Jackson Jain Jansen Jensen Jimenez Johansson Jones Joshi Juarez Kang Kaplan Kapoor Kaur Keller Kelly Khalil \
    Khan Kim Kimura Klein Koch Kone Kovač Kowalski Kruger Kumar Kwon Laine Lambert Larsen Lee Lehmann Leung Levy \
    Lewis Lima Lindberg Lopez Lund Mahmoud Malik Mancini Marino Marsh Martin Martinez Mbeki Medina Mehta Mendoza \
    Mensah Meyer Miller Mishra Mitchell Mohamed Moore Morales Moreau Moreno Morgan Mori Murphy Murray Müller \
    Nakamura Navarro Ndiaye Nelson Ngo Nguyen Nielsen Nilsen Novak Nowak Nwosu Obi Ochieng Oduya Okafor Olsen \
    Ortega Osei Owusu Park Parker Patel Pereira Perera Perez Petersen Petrov Pham Phillips Pillai Popescu Powell \
    Prasad Quinn Quiroga Rahman Ramirez Ramos Rao Reddy Reid Reyes Ricci Richter Rivera Roberts Rojas Romano \
    Romero Rossi Roy Ruiz Russo Ryan Saito Salazar Salem Sanchez Santos Sato Schmidt Schneider Schwarz Sharma \
    Shimizu Silva Singh Smith Solis Suarez Sullivan Suzuki Svensson Szabo Sørensen Takahashi Tan Tanaka Taylor \
    Teixeira Thapa Thompson Toth Tran Traore Turner Vargas Vasquez Virtanen Vogel Vu Walker Walsh Wang Watson \
    Weber Williams Wilson Wolf Wong Wood Wright Wu Yadav Yamamoto Yang Yilmaz Young Zhang Zhao Ziegler Özturk";

/// One of the words of a list.
pub(super) fn pick(rng: &SeededRng, list: &'static str) -> &'static str {
    let count = list.split_whitespace().count() as u64;
    let nth = usize::try_from(rng.below(count)).unwrap_or(0);
    list.split_whitespace().nth(nth).unwrap_or("Sam")
}

/// A name as it may stand in a mail address: lower-case letters without marks.
pub(super) fn plain(name: &str) -> String {
    name.to_lowercase()
        .chars()
        .filter_map(|c| match c {
            'a'..='z' => Some(c),
            'á' | 'à' | 'â' | 'ä' | 'å' | 'ã' => Some('a'),
            'č' | 'ç' => Some('c'),
            'é' | 'è' | 'ê' | 'ë' => Some('e'),
            'í' | 'ì' | 'ï' => Some('i'),
            'ñ' => Some('n'),
            'ó' | 'ò' | 'ô' | 'ö' | 'ø' => Some('o'),
            'ú' | 'ù' | 'ü' => Some('u'),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn there_are_enough_names_and_each_can_stand_in_an_address() {
        for list in [GIVEN, FAMILY] {
            let names: BTreeSet<_> = list.split_whitespace().collect();
            assert!(names.len() >= 200, "{}", names.len());
            assert_eq!(names.len(), list.split_whitespace().count(), "no name stands twice");
            for name in names {
                assert_eq!(plain(name).len(), name.chars().count(), "{name}");
            }
        }
    }
}
