"""Names of people, any number of them, no two alike."""

import math
import random
import unicodedata
from dataclasses import dataclass

_FIRST = (
    "Aaliyah Aaron Abel Abigail Ada Adam Adele Aditi Adrián Agnes Ahmed Aiko Aisha Alba Albert Alejandro "
    "Alice Alma Amara Amelia Amina Amir Anders André Andrea Aneta Angela Anika Anna Anouk Antoine Anton "
    "Aoife Ari Arjun Armando Arthur Asha Astrid Aurora Axel Ayşe Barbara Basil Beatriz Benjamin Bente "
    "Bianca Birgit Björn Bogdan Boris Brigid Bruno Camila Carla Carlos Carmen Caroline Cecilia Celeste "
    "Charles Charlotte Chen Chiara Chloé Christos Clara Claudia Connor Cyrus Dalia Daniel Daria Darius "
    "Dariusz David Deepa Demetra Diego Dina Dmitri Dominik Dora Edgar Edith Eduardo Edward Elena Eleni "
    "Elif Elio Elise Emeka Emil Emily Emma Emre Enzo Erik Erin Esther Ethan Eugene Eva Fabian Farah "
    "Fatima Felicia Felix Fernanda Filip Finn Fiona Flora Francesca Freya Frida Gabriel Gemma Georg Gita "
    "Giulia Gloria Goran Grace Greta Gulnara Gustav Hamza Hana Hannah Hao Harriet Harry Hassan Heidi "
    "Helena Helga Henrik Hilda Hiroshi Hugo Ibrahim Ida Igor Ilse Imani Imran Ines Ingrid Irene Irina "
    "Iris Isaac Isabel Ismail Ivan Jack Jaime Jakub James Jana Janek Jasmine Javier Jens Jesper Jin "
    "Joanna Johan Jonas Jorge José Josephine Juan Judith Julia Kaito Kamal Karim Karin Kasper Katarzyna "
    "Keiko Kenji Kiran Klara Kofi Kwame Lara Lars Laura Leila Lena Leo Leon Levi Liam Lin Lina Linh "
    "Lorenzo Louis Lucas Lucía Luka Lydia Magnus Maja Malik Manuel Marco Marek Margit María Mariam Marta "
    "Martin Mateo Mateusz Matilda Max Maya Mehmet Mei Melina Mia Miguel Mikko Mila Milan Mira Mohammed "
    "Mona Nabil Nadia Naomi Natalia Neha Nia Niamh Nikita Nikolai Nils Nina Noah Nora Olga Oliver Olivia "
    "Omar Oscar Oskar Otto Pablo Paolo Pauline Pedro Petra Pia Priya Rafael Rahul Ramona Rania Rasmus "
    "Ravi Rebecca Renata Rene Ricardo Rita Rohan Roman Rosa Rosalie Ruth Salma Samir Samira Samuel Sandra "
    "Sanna Sara Sebastian Selma Sergei Signe Silvia Simon Sofia Sonja Stefan Sunita Susan Sven Tadeusz "
    "Tamara Tariq Teresa Tessa Thandi Theo Thomas Tobias Tomás Uma Ursula Valentina Vanessa Vera Victor "
    "Vikram Viktoria Walter Wanda Wanjiru Wei William Xavier Yara Yasmin Yuki Yusuf Yvonne Zainab Zara "
    "Zofia"
)
_LAST = (
    "Abbott Abdi Acheampong Adeyemi Aguilar Ahmadi Akhtar Albrecht Almeida Alonso Alvarez Andersen "
    "Anderson Andersson Antonov Appiah Arslan Asante Bailey Baker Balogun Banerjee Barbieri Barros Bauer "
    "Becker Benedetti Bennett Berg Bergström Bernard Bianchi Bielak Black Blanco Boateng Bondarenko Borg "
    "Bouchard Bowen Brandt Brown Burke Byrne Campbell Cardoso Carlsson Carter Castillo Castro Cha Chandra "
    "Chen Chowdhury Christensen Clarke Cohen Collins Conti Cook Costa Coulibaly Cruz Czarnecki Dahl Daly "
    "Danso Das Davies Delgado Demir Diallo Diaz Dietrich Dimitriou Dogan Doyle Duarte Dubois Dvorak "
    "Edwards Ekström Eriksen Esposito Evans Farah Farkas Fernandes Ferrari Fischer Fitzgerald Flores "
    "Fofana Forsberg Foster Fournier Fraser Fuentes Fujita Gallagher Garcia Gashi Gauthier Georgiou Ghosh "
    "Gibson Goldberg Gomez Gonzalez Grabowski Graham Grant Gray Green Gruber Gupta Gutierrez Haddad Hagen "
    "Hall Hamid Hansen Harris Hartmann Hassan Hayashi Hernandez Herrera Hill Hoang Hoffmann Holm Horvat "
    "Hosseini Hughes Hussain Ibsen Iglesias Ikeda Ionescu Ito Ivanov Iyer Jackson Jankowski Jansen Jensen "
    "Jimenez Johansson Johnson Jones Joseph Juarez Kamau Kaminski Kaplan Kapoor Karlsson Katz Kaur Kaya "
    "Keller Kelly Kemal Khan Kiely Kim Kimura King Klein Kobayashi Koch Kovac Kowalski Kraus Kruger Kumar "
    "Kuznetsov Lambert Larsen Laurent Lee Lehmann Leroy Lewis Li Lindberg Lombardi Lopez Lund Lynch "
    "MacDonald Machado Mahmoud Maier Marino Markovic Martin Martinez Mazur McCarthy Medina Mehta Mendoza "
    "Mensah Meyer Mitchell Moller Morales Moreau Moreno Morgan Mori Moyo Müller Murphy Mwangi Nair "
    "Nakamura Navarro Ndiaye Nelson Nguyen Nielsen Nikolaidis Nilsson Novak Nowak Ochieng Okafor Okeke "
    "Oliveira Olsen Ortiz Osei Ozturk Pacheco Palmer Papadopoulos Park Patel Pavlov Pereira Perez "
    "Petersen Petrov Pham Phillips Pinto Popescu Price Quinn Rahman Ramirez Ramos Rao Reddy Reid Reyes "
    "Ricci Richter Riley Rivera Roberts Robinson Rocha Rodriguez Romano Rossi Roth Roux Ruiz Russo Ryan "
    "Sahin Saito Salazar Sanchez Santos Sato Schmidt Schneider Schulz Scott Shah Shapiro Sharma Silva "
    "Simmons Singh Smith Sokolov Soto Sørensen Stewart Suarez Suzuki Svensson Szabo Takahashi Tanaka "
    "Taylor Teixeira Thompson Torres Toth Tran Traore Tremblay Turner Usman Vargas Vasquez Vega Virtanen "
    "Vogel Volkov Wagner Walker Walsh Wang Ward Watanabe Weber Weiss White Williams Wilson Wolf Wong Wood "
    "Wright Yamamoto Yang Yildiz Young Zamora Zhang Zielinski Zimmermann"
)

FIRST_NAMES = _FIRST.split()
LAST_NAMES = _LAST.split()
COMBINATIONS = len(FIRST_NAMES) * len(LAST_NAMES)
_ASCII = str.maketrans({"ø": "o", "ş": "s"})  # letters that NFKD does not take apart


@dataclass(frozen=True)
class Name:
    first: str
    last: str
    user_name: str


class Names:
    """The names of person 0, 1, 2, ...: the same for the same seed, each user name once.

    Indices are spread over all combinations by a linear congruence with a step that shares no factor with
    their number, so that every combination comes up once before any comes up again (then with a number).
    """

    def __init__(self, random_seed: int) -> None:
        rng = random.Random(f"names {random_seed}")  # noqa: S311 - example data, not a secret
        self._start = rng.randrange(COMBINATIONS)
        self._step = _coprime_step(rng)

    def __getitem__(self, index: int) -> Name:
        round_, place = divmod(index, COMBINATIONS)
        first, last = divmod((self._start + place * self._step) % COMBINATIONS, len(LAST_NAMES))
        number = str(round_ + 1) if round_ else ""
        user_name = f"{plain(FIRST_NAMES[first])}.{plain(LAST_NAMES[last])}{number}"
        return Name(FIRST_NAMES[first], LAST_NAMES[last], user_name)


def plain(name: str) -> str:
    """Return a name as it stands in an e-mail address: lower case, without accents."""
    letters = unicodedata.normalize("NFKD", name.lower().translate(_ASCII))
    return "".join(letter for letter in letters if letter.isascii())


def _coprime_step(rng: random.Random) -> int:
    while math.gcd(step := rng.randrange(COMBINATIONS), COMBINATIONS) != 1:
        pass
    return step
