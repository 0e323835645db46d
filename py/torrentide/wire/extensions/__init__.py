"""Extensions of the wire protocol (BEP 10), one module each."""
