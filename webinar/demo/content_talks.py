"""The words of the six invented evenings; the people are in `content_people`.

`content` puts them on the calendar. The topics are real, what is said about single municipalities
is not.
"""

from webinar.demo.content_people import (
    AYDOGAN,
    DIETZMANN,
    ENDERLEIN,
    HAAGEN_WOLF,
    KESSLER,
    LEIMBACH,
    NAGELSCHMIDT,
    RUPPERTSBERGER,
    SCHRAUTNER,
)
from webinar.demo.content_types import DemoMaterial, DemoTalk

_HALL = "Landratsamt, Großer Sitzungssaal"
_HALL_ADDRESS = "Zeppelinstraße 15, 97074 Würzburg"
_HALL_NOTES = """\
Der Saal liegt im zweiten Stock und ist mit dem Aufzug ohne Stufen erreichbar. Eine induktive
Höranlage ist vorhanden; bitte sagen Sie am Eingang Bescheid, wenn Sie einen Empfänger brauchen.
Parkplätze finden Sie ab 17 Uhr im Hof, zwei davon sind für Menschen mit Behinderung reserviert.
"""

BUNDID = DemoTalk(
    slug="bundid-und-buergerkonto",
    title="BundID und Bürgerkonto: was am Schalter gefragt wird",
    abstract="""\
Wer einen Antrag online stellt, braucht ein Konto. Welches das ist, wer es eröffnen kann und was
geschieht, wenn der Ausweis keine freigeschaltete Onlinefunktion hat: Danach fragen die Menschen
nicht im Internet, sondern am Schalter.

Der Abend zeigt am Bildschirm, wie ein Konto angelegt wird und wie ein Bescheid im elektronischen
Postfach ankommt. Danach geht es um die drei häufigsten Hindernisse:

- der Ausweis ohne PIN,
- das vergessene Kennwort,
- der Antrag für eine andere Person.

Zum Schluss stellt das Bürgerbüro Lindenfurt seinen Leitfaden für das Gespräch am Schalter vor.
""",
    format="online",
    visibility="public",
    speakers=(SCHRAUTNER, NAGELSCHMIDT),
    topics="Bürgerservice, Digitale Verwaltung",
    agenda=(
        ("18:00", "Begrüßung"),
        ("18:05", "Ein Konto anlegen, Schritt für Schritt"),
        ("18:30", "Drei Hindernisse und was dagegen hilft"),
        ("19:00", "Fragen aus den Gemeinden"),
    ),
    places_online=150,
    materials=(
        DemoMaterial(
            kind="link",
            title="BundID: Konto anlegen und Hilfe",
            url="https://id.bund.de/",
            public=True,
        ),
    ),
)
COOPERATION = DemoTalk(
    slug="ein-serverraum-fuer-sieben-gemeinden",
    title="Interkommunale Zusammenarbeit: ein Serverraum für sieben Gemeinden",
    abstract="""\
Sieben Gemeinden, sieben Serverschränke und niemand, der im Urlaub vertritt: So sah es im Lauertal
noch vor drei Jahren aus. Heute betreibt die Allianz einen gemeinsamen Serverraum, und drei
Fachleute betreuen alle sieben Rathäuser.

Bürgermeister Georg Enderlein berichtet, wie die Gemeinden zur Zweckvereinbarung kamen, was die
Förderung abgedeckt hat und was nicht, und an welcher Stelle das Vorhaben beinahe gescheitert wäre.
Die Zahlen liegen offen: Kosten vorher, Kosten nachher, Ausfälle vorher, Ausfälle nachher.
""",
    format="hybrid",
    visibility="invited",
    speakers=(ENDERLEIN,),
    topics="Zusammenarbeit der Gemeinden, IT-Betrieb",
    agenda=(
        ("18:00", "Begrüßung"),
        ("18:05", "Vom Serverschrank zur Zweckvereinbarung"),
        ("18:40", "Kosten und Ausfälle in Zahlen"),
        ("19:00", "Aussprache"),
    ),
    places_online=150,
    places_hall=40,
    venue=_HALL,
    venue_address=_HALL_ADDRESS,
    venue_notes=_HALL_NOTES,
)
FILES = DemoTalk(
    slug="die-eakte-beginnt-im-posteingang",
    title="Die eAkte beginnt im Posteingang",
    abstract="""\
Was im Posteingang auf Papier bleibt, bleibt überall auf Papier. Deshalb beginnt die Einführung der
eAkte nicht auf zwanzig Schreibtischen zugleich, sondern an einem: in der Poststelle.

Dr. Thomas Leimbach zeigt den Weg eines Schreibens vom Kuvert bis zur Ablage. Es geht um das
ersetzende Scannen und die Stichprobe mit vier Augen, um die Frage, wer wirklich mitzeichnen muss,
und um das, was weiterhin im Original aufgehoben wird.

Für kleine Verwaltungen berichtet Florian Dietzmann, wie der Markt Oberweinbach mit vierzehn
Beschäftigten umgestellt hat, neben dem laufenden Betrieb und ohne den alten Bestand zu scannen.
""",
    format="hybrid",
    visibility="invited",
    speakers=(LEIMBACH, DIETZMANN),
    topics="Digitale Verwaltung, Akten und Post",
    agenda=(
        ("18:00", "Begrüßung durch den Landrat"),
        ("18:10", "Der Weg eines Schreibens"),
        ("18:40", "Umstellen mit vierzehn Beschäftigten"),
        ("19:00", "Fragen und Aussprache"),
    ),
    places_online=150,
    places_hall=40,
    venue=_HALL,
    venue_address=_HALL_ADDRESS,
    venue_notes=_HALL_NOTES,
    recorded=True,
    materials=(
        DemoMaterial(
            kind="slides",
            title="Folien: Die eAkte beginnt im Posteingang",
            file_name="eakte-posteingang-folien.pdf",
            page_times=(0, 3, 6, 9, -1, 12, -1, 15),
        ),
        DemoMaterial(
            kind="recording",
            title="Aufzeichnung des Abends",
            file_name="eakte-posteingang-aufzeichnung.mp4",
            subtitles="eakte-posteingang-untertitel.vtt",
            chapters=(
                (0, "Warum der Posteingang zuerst kommt"),
                (9, "Scannen und ersetzen"),
                (12, "Zahlen aus dem Probebetrieb"),
            ),
        ),
        DemoMaterial(
            kind="handout",
            title="Merkblatt: Posteingang in der eAkte",
            file_name="eakte-posteingang-merkblatt.pdf",
            public=True,
        ),
    ),
)
PERMIT = DemoTalk(
    slug="der-digitale-bauantrag",
    title="Der digitale Bauantrag: was sich für unsere Gemeinden ändert",
    abstract="""\
Bauanträge kommen künftig überwiegend elektronisch. Der Abend zeigt am Bildschirm den Weg eines
Antrags vom Entwurfsbüro bis zum Bescheid und was die Gemeinde dabei zu tun hat.

Im Mittelpunkt steht das gemeindliche Einvernehmen: Wie erfährt der Bauausschuss von einem Antrag,
wo liegen die Pläne, wer gibt die Stellungnahme ab, und welche Frist läuft ab wann? Dr. Annegret
Kessler führt beides vor, den glatten Fall und den Antrag, dem die Hälfte der Unterlagen fehlt.

Danach ist Zeit für Ihre Fragen. Wer sie vorab schicken möchte, antwortet einfach auf die
Einladung.
""",
    format="hybrid",
    visibility="invited",
    speakers=(KESSLER,),
    topics="Bauen, Digitale Verwaltung",
    agenda=(
        ("18:00", "Begrüßung durch den Landrat"),
        ("18:05", "Der Weg eines Antrags am Bildschirm"),
        ("18:45", "Das gemeindliche Einvernehmen"),
        ("19:00", "Ihre Fragen"),
    ),
    places_online=150,
    places_hall=40,
    venue=_HALL,
    venue_address=_HALL_ADDRESS,
    venue_notes=_HALL_NOTES,
    recorded=True,
)
INVOICE = DemoTalk(
    slug="erechnung-im-rathaus",
    title="eRechnung im Rathaus: vom Eingang bis zur Buchung",
    abstract="""\
Rechnungen im strukturierten Format anzunehmen ist Pflicht. Gewonnen ist damit noch nichts, wenn
sie im Rathaus ausgedruckt und von Hand abgezeichnet werden.

Selin Aydogan zeigt, wie in Kirchbrunn aus der Datei eine Buchung wird: das gemeinsame Postfach, die
sachliche Prüfung am Bildschirm, die Vertretung im Urlaub und die Ablage, die auch der örtlichen
Rechnungsprüfung genügt.
""",
    format="online",
    visibility="public",
    speakers=(AYDOGAN,),
    topics="Finanzen, Digitale Verwaltung",
    agenda=(
        ("18:00", "Begrüßung"),
        ("18:05", "Eine Rechnung von Anfang bis Ende"),
        ("18:45", "Prüfung, Vertretung, Ablage"),
        ("19:05", "Fragen"),
    ),
    places_online=200,
)
SCHOOLS = DemoTalk(
    slug="wer-wartet-die-tablets",
    title="Schul-Digitalisierung: Wer wartet die Tablets?",
    abstract="""\
Die Geräte sind da. Nun gehen sie kaputt, veralten und brauchen Aktualisierungen, und das in einer
Zeit, in der die Förderung für die Anschaffung ausläuft.

Das Medienzentrum stellt vor, was es den Schulen abnimmt und was vor Ort bleiben muss. Petra
Haagen-Wolf berichtet aus Sicht des Sachaufwandsträgers: Was kostet die Wartung im Jahr, wer
bezahlt die Ersatzgeräte, und wie regelt man das mit mehreren Gemeinden in einem Schulverband?

Der Abend findet vor Ort statt, damit Sie die Werkstatt des Medienzentrums ansehen können. Beginn
des Rundgangs ist um 19 Uhr.
""",
    format="on_site",
    visibility="invited",
    speakers=(RUPPERTSBERGER, HAAGEN_WOLF),
    topics="Schulen, IT-Betrieb",
    agenda=(
        ("18:00", "Begrüßung"),
        ("18:05", "Was das Medienzentrum übernimmt"),
        ("18:30", "Kosten und Zuständigkeiten im Schulverband"),
        ("19:00", "Rundgang durch die Werkstatt"),
    ),
    places_hall=30,
    venue="Medienzentrum, Werkstatt",
    venue_address="Am Schulhof 3, 97000 Lindenfurt",
    venue_notes="""\
Der Eingang liegt an der Rückseite des Schulzentrums und ist ohne Stufen erreichbar. Vom Bahnhof
sind es sechs Minuten zu Fuß. Bitte bringen Sie für die Werkstatt feste Schuhe mit.
""",
    closes_days_before=3,
)

PAST = (BUNDID, COOPERATION, FILES)
"""Oldest first."""
COMING = (PERMIT, INVOICE, SCHOOLS)
"""Soonest first."""
