"""Loads one release as partners do: each format with each tool, over HTTP, and all days as a Delta Sharing table.

Usage: load.py URL DATASET DAY, with the partner's key in the environment as HEADCOUNT_KEY. Every way must give the same
rows; prints them as JSON, with what the ways were.
"""
import io
import json
import math
import os
import sys
import tempfile
import urllib.request

import delta_sharing
import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

url, dataset, day = sys.argv[1:4]
key = os.environ["HEADCOUNT_KEY"]
release = f"{url}/partner/v1/datasets/{dataset}/releases/{day}"
authorization = {"Authorization": f"Bearer {key}"}


def fetch(address: str, method: str = "GET") -> bytes:
    request = urllib.request.Request(address, headers=authorization, method=method)
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def link(file_format: str) -> str:
    """A URL that needs no header."""
    return json.loads(fetch(f"{release}/links?format={file_format}", "POST"))["url"]


def plain(value):
    """A cell as JSON has it: no NaN, and whole numbers as such (pandas makes floats of a column with gaps)."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str):
        return value
    assert int(value) == value, value
    return int(value)


def rows_of_frame(frame: pd.DataFrame):
    return [[plain(value) for value in row] for row in frame[columns].itertuples(index=False, name=None)]


def rows_of_arrow(table: pa.Table):
    return [[plain(row[name]) for name in columns] for row in table.to_pylist()]


def rows_of_query(query: str):
    relation = duckdb.sql(query)
    assert relation.columns == columns, relation.columns
    return [[plain(value) for value in row] for row in relation.fetchall()]


manifest = json.loads(fetch(release))
columns = [column["name"] for column in manifest["columns"]]
# CSV has no types: the manifest (and datapackage.json) gives them. Otherwise a version 2.0 would become a number.
is_integer = {column["name"]: column["type"] == "integer" for column in manifest["columns"]}
as_csv = {
    "dtype": {name: "Int64" if whole else "string" for name, whole in is_integer.items()},
    "keep_default_na": False,
    "na_values": [""],
}
duckdb_types = json.dumps({name: "BIGINT" if whole else "VARCHAR" for name, whole in is_integer.items()}).replace('"', "'")

files = {}
folder = tempfile.TemporaryDirectory()
for file_format in ("csv", "ndjson", "parquet", "arrow"):
    files[file_format] = os.path.join(folder.name, f"file.{file_format}")
    with open(files[file_format], "wb") as file:
        file.write(fetch(f"{release}?format={file_format}"))

loaded = {
    "pandas csv": rows_of_frame(
        pd.read_csv(f"{release}?format=csv", storage_options=authorization, **as_csv)
    ),
    "pandas csv by link": rows_of_frame(pd.read_csv(link("csv"), **as_csv)),
    "pandas ndjson": rows_of_frame(pd.read_json(files["ndjson"], lines=True, dtype=False, convert_dates=False)),
    "pandas parquet": rows_of_frame(pd.read_parquet(f"{release}?format=parquet", storage_options=authorization)),
    "pandas parquet by link": rows_of_frame(pd.read_parquet(link("parquet"))),
    "pandas arrow": rows_of_frame(
        pa.ipc.open_stream(fetch(f"{release}?format=arrow")).read_all().to_pandas()
    ),
    "pyarrow parquet": rows_of_arrow(pq.read_table(io.BytesIO(fetch(f"{release}?format=parquet")))),
    "pyarrow arrow": rows_of_arrow(pa.ipc.open_stream(fetch(f"{release}?format=arrow")).read_all()),
    "duckdb csv": rows_of_query(f"SELECT * FROM read_csv('{files['csv']}', header = true, columns = {duckdb_types})"),
    "duckdb ndjson": rows_of_query(f"SELECT * FROM read_json('{files['ndjson']}', format = 'newline_delimited', columns = {duckdb_types})"),
    "duckdb parquet": rows_of_query(f"SELECT * FROM read_parquet('{files['parquet']}')"),
}
with pa.ipc.open_stream(files["arrow"]) as stream:
    arrow_table = stream.read_all()
    loaded["duckdb arrow"] = rows_of_query("SELECT * FROM arrow_table")

# Delta Sharing: every day at once, each with its day.
profile = delta_sharing.protocol.DeltaSharingProfile.from_json(
    {"shareCredentialsVersion": 1, "endpoint": f"{url}/partner/v1/delta/", "bearerToken": key}
)
client = delta_sharing.SharingClient(profile)
tables = [f"{one.share}.{one.schema}.{one.name}" for one in client.list_all_tables()]
profile_file = os.path.join(folder.name, "profile.share")
with open(profile_file, "w") as file:
    json.dump({"shareCredentialsVersion": 1, "endpoint": f"{url}/partner/v1/delta/", "bearerToken": key}, file)
table_url = f"{profile_file}#headcount.releases.{dataset}"
shared = delta_sharing.load_as_pandas(table_url)
assert list(shared.columns) == ["day", *columns], list(shared.columns)
of_day = shared[shared["day"].map(str) == day]
loaded["delta_sharing load_as_pandas"] = rows_of_frame(of_day)

expected = loaded["pandas parquet"]
for way, rows in loaded.items():
    assert rows == expected, f"{way}: {rows} instead of {expected}"
assert len(expected) == manifest["rows"]

print(
    json.dumps(
        {
            "columns": columns,
            "rows": expected,
            "ways": list(loaded),
            "delta": {
                "tables": tables,
                "version": delta_sharing.get_table_version(table_url),
                "days": sorted({str(one) for one in shared["day"]}),
                "rows": len(shared),
                "limited": len(delta_sharing.load_as_pandas(table_url, limit=3)),
                "first version": len(delta_sharing.load_as_pandas(table_url, version=1)),
                "columns": [
                    field["name"]
                    for field in json.loads(
                        delta_sharing.get_table_metadata(table_url, use_delta_format=False).schema_string
                    )["fields"]
                ],
            },
        }
    )
)
