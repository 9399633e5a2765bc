"""A small archive to search in: talks as county offices hold them, with decks and subtitles.

Written before the search, like the questions beside it (`tests/search_pairs.py`): it knows nothing
of stems or trigrams. Pages count from 1; a cue stands at its second.
"""

from __future__ import annotations

from typing import NamedTuple


class Sample(NamedTuple):
    key: str
    title: str
    abstract: str
    speaker: tuple[str, str, str]
    """First name, last name, organisation."""
    topics: tuple[str, ...]
    pages: tuple[str, ...]
    cues: tuple[tuple[int, str], ...]


CORPUS = (
    Sample(
        "bauen",
        "Bauen ohne Papier",
        "Wie drei Landkreise ihre Bauaufsicht auf eine gemeinsame Plattform gestellt haben.",
        ("Katharina", "Böhme", "Landkreis Harz"),
        ("Bauen", "Digitalisierung"),
        (
            "Ausgangslage: 1.900 Akten im Jahr, Durchlauf im Mittel 74 Tage",
            "Das Bauantragsverfahren in sieben Schritten: Eingang, Vorprüfung, Beteiligung, "
            "Nachforderung, Prüfung, Entscheidung, Zustellung",
            "Träger öffentlicher Belange werden gleichzeitig beteiligt, nicht nacheinander",
            "Kosten: 48.000 Euro Einführung, 0,60 Euro je Einwohner und Jahr",
            "Stolpersteine: fehlende Vollmachten der Entwurfsverfasser, zu große Pläne",
        ),
        (
            (12, "Guten Abend, ich freue mich, dass so viele da sind."),
            (95, "Früher lag der Stapel drei Wochen in der Poststelle."),
            (
                340,
                "Am meisten Zeit spart uns, dass die Feuerwehr ihre Stellungnahme online abgibt.",
            ),
            (610, "Und die Denkmalschützer haben wir von Anfang an mitgenommen."),
        ),
    ),
    Sample(
        "wahl",
        "Wahlen vorbereiten mit kleinem Team",
        "Vom Wählerverzeichnis bis zur Schnellmeldung: Erfahrungen aus zwei Europawahlen.",
        ("Jörg", "Weiß", "Stadt Quedlinburg"),
        ("Wahlen",),
        (
            "Zeitplan: Berufung der Wahlvorstände spätestens acht Wochen vorher",
            "Wahlhelferinnen und Wahlhelfer gewinnen: Erfrischungsgeld, freier Tag, persönliche "
            "Ansprache",
            "Briefwahlunterlagen: Ausgabe, Rücklauf, Nachsendung bei Verlust",
            "Barrierefreie Wahlräume: Rampen, Schablonen, Parkplätze",
            "Schnellmeldung am Wahlabend: Telefonkette und Ersatzweg",
        ),
        (
            (30, "Wir hatten beim letzten Mal vierzehn Absagen am Freitag davor."),
            (210, "Junge Leute erreichen wir über die Berufsschule."),
            (480, "Das Auszählen ging in den großen Bezirken bis halb zwölf."),
        ),
    ),
    Sample(
        "regen",
        "Starkregen: vorsorgen, bevor es schüttet",
        "Was Gemeinden mit wenig Geld tun können, damit Keller trocken bleiben.",
        ("Anneliese", "Groß", "Wasserverband Bode"),
        ("Klima", "Bevölkerungsschutz"),
        (
            "Starkregengefahrenkarten lesen: Fließwege, Senken, Einstautiefen",
            "Rückhaltebecken und Mulden: Flächen zuerst im eigenen Bestand suchen",
            "Rückstauklappen in öffentlichen Gebäuden prüfen und warten",
            "Fördermittel des Landes: bis zu 80 Prozent für Konzepte",
            "Sirenen, Warn-App und Lautsprecherwagen: wer löst wann aus?",
        ),
        (
            (45, "In Thale fielen in einer Stunde zweiundsechzig Liter."),
            (330, "Gräben, die niemand mehr pflegt, sind keine Gräben."),
            (720, "Die Landwirte haben uns das Abpflügen der Ackerränder angeboten."),
        ),
    ),
    Sample(
        "waerme",
        "Kommunale Wärmeplanung für kleine Orte",
        "Pflicht, vereinfachtes Verfahren und was ein Planungsbüro kosten darf.",
        ("Heinz", "Küster", "Energieagentur Sachsen-Anhalt"),
        ("Klima", "Energie"),
        (
            "Fristen: Gemeinden unter 100.000 Einwohnern bis Mitte 2028",
            "Bestandsanalyse: Verbrauchsdaten von Netzbetreibern und Schornsteinfegern",
            "Nahwärmenetze lohnen ab etwa 1,5 Megawattstunden je Meter Trasse",
            "Wärmepumpen in Bestandsgebäuden: Vorlauftemperatur entscheidet",
            "Bürgerbeteiligung: Heizungssprechstunde statt Podiumsdiskussion",
        ),
        (
            (60, "Wer zuerst ein Netz verspricht, bekommt die Enttäuschung."),
            (400, "Das Abwasser hat das ganze Jahr über zwölf Grad."),
            (890, "Biogasanlagen verlieren in den nächsten Jahren ihre Vergütung."),
        ),
    ),
    Sample(
        "kita",
        "Kindertagesstätten zwischen Rechtsanspruch und Personalnot",
        "Belegung, Springerkräfte und Gespräche mit Eltern.",
        ("Sabine", "Müller-Lüdenscheid", "Stadt Wernigerode"),
        ("Kinder", "Personal"),
        (
            "Geburtenzahlen sinken: was das für Gruppen und Standorte heißt",
            "Elternbeiträge und Geschwisterermäßigung im Vergleich",
            "Springerpool: fünf Erzieherinnen für elf Häuser",
            "Betreuungsschlüssel und Randzeiten",
            "Quereinstieg: Vergütung während der Ausbildung",
        ),
        (
            (80, "Die Mütter rufen nicht mehr bei uns an, sie schreiben über die App."),
            (350, "Wenn zwei krank sind, müssen wir eine Gruppe schließen."),
            (640, "Das Mittagessen ist ein eigenes Kapitel."),
        ),
    ),
    Sample(
        "strasse",
        "Straßenausbau ohne Ausbaubeiträge",
        "Wie die Abschaffung der Anliegerbeiträge den Haushalt trifft.",
        ("Uwe", "Schäfer", "Gemeinde Huy"),
        ("Verkehr", "Finanzen"),
        (
            "Straßenzustand: Befahrung mit Kamera, Noten von 1 bis 5",
            "Mehrbelastungsausgleich des Landes: Berechnung nach Siedlungsfläche",
            "Gehwege zuerst: Bordsteine absenken bei jeder Baustelle",
            "Winterdienst und Streugut in Ortsdurchfahrten",
            "Radverkehr auf Wirtschaftswegen: Haftung und Beschilderung",
        ),
        (
            (25, "Ein Schlagloch kostet uns im Schnitt neunzig Euro."),
            (500, "Bei den Brücken schieben alle denselben Berg vor sich her."),
            (777, "Tempo dreißig darf jetzt auch vor dem Spielplatz angeordnet werden."),
        ),
    ),
    Sample(
        "ozg",
        "Verwaltung online: was Bürgerinnen wirklich nutzen",
        "Nachnutzen statt selbst bauen: Einer-für-alle-Dienste im Rathaus.",
        ("Mehmet", "Yıldız", "Landkreis Goslar"),
        ("Digitalisierung",),
        (
            "Die zehn häufigsten Anliegen: Wohnsitz ummelden, Hundesteuer, Führungszeugnis",
            "Bezahlen im Netz: Anbindung an die Kasse",
            "Postfach und Bescheid: elektronische Bekanntgabe nach vier Tagen",
            "Leichte Sprache auf Formularen",
            "Nutzungszahlen: 12 Prozent online im ersten Jahr",
        ),
        (
            (100, "Wir haben den Reisepass zuerst angefasst."),
            (260, "Ohne Terminvergabe steht die Schlange bis auf den Markt."),
            (555, "Bitte fragen Sie nicht nach dem Geburtsnamen der Großmutter."),
        ),
    ),
    Sample(
        "sicher",
        "Verschlüsselt und erpresst: was wir aus dem Angriff gelernt haben",
        "Ein Bericht über 207 Tage Katastrophenfall.",
        ("Renate", "Öztürk", "Landkreis Anhalt-Bitterfeld"),
        ("IT-Sicherheit",),
        (
            "Tag 1: alle Server vom Netz, Krisenstab um 7 Uhr",
            "Einfallstor: Druckdienst ohne Aktualisierung",
            "Notbetrieb: Wohngeld und Elterngeld auf Papier",
            "Datensicherungen getrennt aufbewahren und Wiederherstellung üben",
            "Passwörter und zweiter Faktor für Fernzugänge",
        ),
        (
            (40, "Gezahlt haben wir nicht."),
            (420, "Die Kfz-Zulassung war das Erste, was wieder lief."),
            (980, "Klickt auf keine Anhänge, sagt man. Das reicht nicht."),
        ),
    ),
    Sample(
        "haushalt",
        "Den Haushalt lesen: ein Abend für Ratsmitglieder",
        "Ergebnisplan, Finanzplan, Teilhaushalte und die Fragen, die man stellen sollte.",
        ("Prof. Gerd", "Lüttich", "Hochschule Harz"),
        ("Finanzen",),
        (
            "Ergebnis und Finanzrechnung: zwei Blicke auf dasselbe Jahr",
            "Kassenkredite: wann die Aufsicht einschreitet",
            "Kreisumlage: Grundlagen und Streit",
            "Grundsteuerreform: Hebesätze aufkommensneutral festsetzen",
            "Abschreibungen verständlich: das Feuerwehrauto als Beispiel",
        ),
        (
            (70, "Ein Plan ist kein Kontoauszug."),
            (390, "Fragen Sie nach den drei größten Abweichungen."),
            (800, "Rücklagen sind kein Geld im Tresor."),
        ),
    ),
    Sample(
        "ki",
        "Künstliche Intelligenz im Amt: Hilfen und Grenzen",
        "Sprachmodelle für Vermerke, Protokolle und Auskünfte.",
        ("Dr. Lea", "Francke", "Stadt Magdeburg"),
        ("Digitalisierung", "Datenschutz"),
        (
            "Wofür wir es nutzen: Zusammenfassen, Übersetzen, Entwürfe",
            "Was nie eingegeben wird: personenbezogene Daten, Sozialgeheimnis",
            "Dienstanweisung auf zwei Seiten",
            "Protokolle der Ausschüsse: vom Mitschnitt zum Entwurf",
            "Kennzeichnungspflicht nach der europäischen KI-Verordnung",
        ),
        (
            (55, "Der Automat erfindet Aktenzeichen, und zwar sehr überzeugend."),
            (444, "Unsere Personalräte saßen vom ersten Tag an mit am Tisch."),
            (700, "Für Bürgeranfragen haben wir einen Chatbot mit vierzig Themen."),
        ),
    ),
    Sample(
        "wohnen",
        "Unterbringung von Geflüchteten: Wohnungen statt Hallen",
        "Mietverträge, Verteilung und Nachbarschaft.",
        ("Thomas", "Krüger", "Landkreis Börde"),
        ("Soziales", "Integration"),
        (
            "Zuweisungen und Aufnahmequoten der Gemeinden",
            "Anmietung: Muster für Mietverträge mit privaten Vermietern",
            "Sprachkurse und Kinderbetreuung zusammen planen",
            "Ehrenamtliche Patenschaften: Versicherung, Auslagen",
            "Bezahlkarte: Einführung und Barbetrag",
        ),
        (
            (33, "Die Turnhalle haben wir nach elf Wochen wieder freigegeben."),
            (360, "Mit dem Jobcenter sitzen wir alle zwei Wochen zusammen."),
            (650, "Nachbarn wollen wissen, wer einzieht, und das ist ihr gutes Recht."),
        ),
    ),
    Sample(
        "friedhof",
        "Friedhöfe im Wandel",
        "Gebühren kalkulieren, Flächen zurückgeben, Bäume erhalten.",
        ("Christel", "Nägele", "Stadt Blankenburg"),
        ("Finanzen", "Grün"),
        (
            "Urnengräber nehmen zu: 78 Prozent der Bestattungen",
            "Gebührenkalkulation: Grünanteil und Überhangflächen",
            "Standsicherheit der Grabmale: jährliche Prüfung",
            "Trauerhallen gemeinsam nutzen",
            "Baumkontrolle und Verkehrssicherungspflicht",
        ),
        (
            (90, "Über Preise spricht auf dem Friedhof niemand gern."),
            (510, "Die Imker haben auf der alten Fläche ihre Völker stehen."),
        ),
    ),
    Sample(
        "wehr",
        "Feuerwehrbedarf ehrlich planen",
        "Hilfsfristen, Tagesverfügbarkeit und gemeinsame Beschaffung.",
        ("Ralf", "Hübner", "Verbandsgemeinde Vorharz"),
        ("Bevölkerungsschutz",),
        (
            "Risikoanalyse: Einsätze der letzten fünf Jahre auf der Karte",
            "Atemschutzgeräteträger: wie viele sind werktags um zehn erreichbar?",
            "Gerätehäuser: Stellplätze, Umkleiden, Schwarz-Weiß-Trennung",
            "Sammelbestellung von Löschfahrzeugen: 15 Prozent gespart",
            "Kinderfeuerwehr und Nachwuchsgewinnung",
        ),
        (
            (20, "Zwölf Minuten sind schnell vorbei."),
            (300, "Arbeitgeber müssen wir besuchen, nicht anschreiben."),
            (690, "Drehleitern teilen sich bei uns drei Städte."),
        ),
    ),
    Sample(
        "vergabe",
        "Vergabe unterhalb der Schwelle: schneller zum Auftrag",
        "Wertgrenzen, Direktauftrag und eVergabe im Alltag.",
        ("Ilka", "Stöhr", "Landkreis Harz"),
        ("Recht", "Finanzen"),
        (
            "Wertgrenzen der Länder im Überblick",
            "Direktkauf bis 5.000 Euro: drei Angebote sind guter Brauch",
            "Leistungsbeschreibung: Ergebnis verlangen, nicht Marke",
            "Eignungsnachweise: Präqualifizierung anerkennen",
            "Nachträge und Kündigung am Bau",
        ),
        (
            (50, "Wer zu spät fragt, bekommt nur noch Restposten."),
            (470, "Rahmenverträge haben uns den Einkauf von Möbeln halbiert."),
        ),
    ),
)
