"""Gives the patients of the reference stack the programs that the measured server answers with, so that both send the
same bytes. Reads one JSON document a line from standard input; the first is that of patient p0."""
import os
import sys

import psycopg
from cryptography.fernet import Fernet

cipher = Fernet(os.environ["GUIDE_KEY"].encode())
with psycopg.connect(os.environ["GUIDE_DSN"]) as connection, connection.cursor() as cursor:
    rows = [(cipher.encrypt(line.rstrip(b"\n")), f"p{n}") for n, line in enumerate(sys.stdin.buffer)]
    cursor.executemany("UPDATE patient_exercises SET exercise_data = %s WHERE patient_id = %s", rows)
