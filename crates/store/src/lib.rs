//! SQL, migrations and rows of sealed fields, on SQLCipher and PostgreSQL.
