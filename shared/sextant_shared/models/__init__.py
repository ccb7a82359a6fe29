"""Wire models: frozen, strict, unknown members refused; shapes without behaviour."""
