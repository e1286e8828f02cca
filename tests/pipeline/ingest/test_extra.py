from pipeline.ingest.extra import extra_missing


def test_the_error_names_the_purpose_the_package_and_the_command() -> None:
    message = str(extra_missing("faster-whisper", "speech is found"))
    assert message.startswith("speech is found by the package faster-whisper")
    assert message.endswith('pip install "crossmodal[speech]"')
