"""The invented people who speak on the invented evenings; `content_talks` says on which."""

from webinar.demo.content_types import DemoSpeaker

OFFICE = "Landratsamt Würzburg"

KESSLER = DemoSpeaker(
    form="Frau",
    title="Dr.",
    first_name="Annegret",
    last_name="Kessler",
    role="Leiterin des Bauamts",
    organisation=OFFICE,
    email="annegret.kessler@lra.example",
    biography="""\
Annegret Kessler leitet das Bauamt und hat dort den Umstieg auf das elektronische
Genehmigungsverfahren verantwortet. Vorher arbeitete sie als Juristin für eine kreisfreie Stadt.
""",
)
LEIMBACH = DemoSpeaker(
    form="Herr",
    title="Dr.",
    first_name="Thomas",
    last_name="Leimbach",
    role="Leiter der Organisation",
    organisation=OFFICE,
    email="thomas.leimbach@lra.example",
    biography="""\
Thomas Leimbach leitet die Organisation des Landratsamts und hat die eAkte dort Amt für Amt
eingeführt. Er ist Historiker und kennt Akten deshalb auch von ihrem Ende her.
""",
)
DIETZMANN = DemoSpeaker(
    form="Herr",
    first_name="Florian",
    last_name="Dietzmann",
    role="Geschäftsleiter",
    organisation="Markt Oberweinbach",
    email="florian.dietzmann@oberweinbach.example",
    biography="""\
Florian Dietzmann führt seit elf Jahren die Geschäfte des Marktes Oberweinbach. Er hat die eAkte
mit vierzehn Kolleginnen und Kollegen neben dem laufenden Betrieb eingeführt.
""",
)
AYDOGAN = DemoSpeaker(
    form="Frau",
    first_name="Selin",
    last_name="Aydogan",
    role="Kämmerin",
    organisation="Gemeinde Kirchbrunn",
    email="selin.aydogan@kirchbrunn.example",
    biography="""\
Selin Aydogan ist Kämmerin der Gemeinde Kirchbrunn und gelernte Bankkauffrau. Sie hat den Weg der
Rechnung vom Eingang bis zur Buchung neu geordnet, ohne eine Stelle dafür zu bekommen.
""",
)
RUPPERTSBERGER = DemoSpeaker(
    form="Herr",
    first_name="Thilo",
    last_name="Ruppertsberger",
    role="Leiter des Medienzentrums",
    organisation=OFFICE,
    email="thilo.ruppertsberger@lra.example",
    biography="""\
Thilo Ruppertsberger war Lehrer für Mathematik und Informatik, bevor er das Medienzentrum übernahm.
Sein Team betreut die Geräte von dreiundzwanzig Schulen im Landkreis.
""",
)
HAAGEN_WOLF = DemoSpeaker(
    form="Frau",
    first_name="Petra",
    last_name="Haagen-Wolf",
    role="Verbandsvorsitzende",
    organisation="Schulverband Untertal",
    email="petra.haagen-wolf@untertal.example",
    biography="""\
Petra Haagen-Wolf ist Bürgermeisterin und Vorsitzende des Schulverbands Untertal, der eine
Mittelschule und zwei Grundschulen trägt.
""",
)
ENDERLEIN = DemoSpeaker(
    form="Herr",
    first_name="Georg",
    last_name="Enderlein",
    role="Erster Bürgermeister",
    organisation="Markt Hohenlauer",
    email="georg.enderlein@hohenlauer.example",
    biography="""\
Georg Enderlein ist seit 2014 Bürgermeister von Hohenlauer. Er spricht für die Allianz aus sieben
Gemeinden, die sich einen Serverraum und drei Fachleute teilen.
""",
)
SCHRAUTNER = DemoSpeaker(
    form="Frau",
    first_name="Melanie",
    last_name="Schrautner",
    role="Leiterin des Bürgerbüros",
    organisation="Stadt Lindenfurt",
    email="melanie.schrautner@lindenfurt.example",
    biography="""\
Melanie Schrautner leitet das Bürgerbüro der Stadt Lindenfurt. Sie hat die Fragen gesammelt, die am
Schalter wirklich gestellt werden, und daraus einen Leitfaden gemacht.
""",
)
NAGELSCHMIDT = DemoSpeaker(
    form="",
    first_name="Kim",
    last_name="Nagelschmidt",
    role="Fachstelle für digitale Verwaltung",
    organisation=OFFICE,
    email="kim.nagelschmidt@lra.example",
    biography="""\
Kim Nagelschmidt berät die Gemeinden des Landkreises bei Onlinediensten und betreut die gemeinsame
Anbindung an das Bürgerkonto.
""",
)
