"""Language models, one provider a file: the pure modules of its wire beside a thin client."""
