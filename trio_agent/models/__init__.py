"""Language models, one provider a file: a pure `*_wire` module beside a thin client."""
