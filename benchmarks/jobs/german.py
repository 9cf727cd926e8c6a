"""The German interface: the program's own words. What the cases say stays as it is."""

GERMAN = {
    "Home": "Startseite", "Find": "Suchen", "Number": "Nummer", "Save": "Speichern", "Close": "Schließen", "Accept": "Zustimmen",
    "What is new": "Neuigkeiten", "Lists load faster now.": "Listen laden jetzt schneller.", "This site uses cookies.": "Diese Seite verwendet Cookies.",
    "Maintenance on Sunday from 6 to 8": "Wartung am Sonntag von 6 bis 8", "Delete record": "Datensatz löschen",
    "Sign in": "Anmelden", "User": "Benutzer", "Password": "Kennwort", "Forgot password?": "Kennwort vergessen?",
    "Invoices": "Rechnungen", "Supplier": "Lieferant", "Invoice no.": "Rechnungsnr.", "Issued": "Ausgestellt", "Total due": "Gesamtbetrag",
    "Your reference": "Ihr Zeichen", "Terms": "Konditionen", "New entry": "Neue Buchung", "Vendor name": "Kreditor", "Document": "Beleg",
    "Posting date": "Buchungsdatum", "Gross amount": "Bruttobetrag", "Cost centre": "Kostenstelle", "Days to pay": "Zahlungsziel in Tagen",
    "Approvals": "Freigaben", "Item": "Posten", "Amount": "Betrag", "Decision": "Entscheidung", "Approve": "Freigeben", "Reject": "Ablehnen",
    "approved": "freigegeben", "rejected": "abgelehnt", "Finish": "Abschließen", "Workshop": "Werkstatt", "Bookings": "Termine", "Customer": "Kunde",
    "Wanted on": "Wunschtag", "Time": "Uhrzeit", "Day": "Tag", "Book": "Buchen", "Expenses": "Spesen", "Claims": "Anträge", "Employee": "Mitarbeiter",
    "Paid with": "Bezahlt mit", "Receipt": "Beleg", "Purpose": "Zweck", "Reimburse": "Erstatten", "Manager must approve": "Leitung muss freigeben",
    "Receipt is missing": "Beleg fehlt", "Amount to book": "Zu buchender Betrag", "Reason": "Grund", "Send": "Senden", "Reply": "Antwort",
    "Stock": "Bestand", "Article": "Artikel", "Name": "Name", "Edit": "Bearbeiten", "Next page": "Nächste Seite", "Previous page": "Vorige Seite", "Search": "Suche",
    "Payments": "Zahlungen", "Open invoices": "Offene Rechnungen", "Reconcile": "Abgleichen", "Settled": "Bezahlt", "Reference": "Referenz",
    "Team": "Gruppe", "Urgency": "Dringlichkeit", "Product": "Produkt", "Tickets": "Anfragen", "Message": "Nachricht", "high": "hoch", "normal": "normal",
    "Attach": "Anhängen", "Attachments": "Anhänge", "File": "Datei", "File wanted": "Gewünschte Datei", "Continue": "Weiter", "Submit": "Absenden",
    "Rooms": "Räume", "Room": "Raum", "Wanted level": "Gewünschter Wert", "Level": "Wert", "Apply": "Übernehmen",
    "Returns": "Rücksendungen", "Kind": "Art", "Order": "Bestellung", "Details": "Einzelheiten", "Back": "Zurück",
}  # fmt: skip
"""English to German."""
