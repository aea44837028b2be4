"""ETL for Arabic news archives."""
