"""The arithmetic of safety: it knows neither the database nor HTTP."""
