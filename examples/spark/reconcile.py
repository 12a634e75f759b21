# SPDX-License-Identifier: MIT
"""The night's reconciliation on Spark: asks the providers about a table of references, and adds the answers to another.

    spark-submit reconcile.py --config FILE --rate kustom=200 --rate ledyer=50 REFERENCES ANSWERS

A reference that has a final answer in ANSWERS is not asked for again. Prints one line of JSON: what came of it.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas
from pyspark.accumulators import AccumulatorParam
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

import paysession
import plan
import task

SCHEMA = """reference STRING, expect STRING, status STRING, paid STRING, decision STRING, why STRING, result STRING,
    final BOOLEAN, asked_at TIMESTAMP, attempts INT"""


#: Half the size of Spark's usual one, Snappy, whose library besides does not load where musl is installed beside glibc.
CODEC = "zstd"


def session() -> SparkSession:
    """With what the job relies on: no task runs twice at once, and what a task has written counts when the job ends."""
    return (SparkSession.builder.appName("paysession")
            .config("spark.speculation", "false")
            .config("spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version", "1")
            .config("spark.sql.session.timeZone", "UTC").getOrCreate())


def references(spark: SparkSession, path: str, kind: str) -> DataFrame:
    """Each reference once with what is expected of it, as JSON. Amounts stay text, and one that is missing or none is
    refused by the library: an expectation is never lost."""
    def text(name: str) -> Column:
        return F.make_valid_utf8(F.col(name).cast("string"))

    expect = F.struct(F.coalesce(text("amount_minor"), F.lit("")).alias("amount"), text("currency").alias("currency"),
                      text("merchant_reference").alias("reference"))
    return spark.read.load(path, format=kind, header="true").select(
        F.coalesce(text("reference"), F.lit("")).alias("reference"), F.to_json(expect).alias("expect")).distinct()


def answers(spark: SparkSession, path: str) -> DataFrame:
    """What all runs have brought: those of one are its partition."""
    schema = f"{SCHEMA}, run STRING"
    spark.createDataFrame([], schema).write.partitionBy("run").mode("ignore").parquet(path, compression=CODEC)  # the first time
    return spark.read.schema(schema).parquet(path)


def remove(spark: SparkSession, path: str) -> None:
    """A folder on whatever file system it is, for which Spark has no word of its own."""
    assert spark._jvm is not None
    place = spark._jvm.org.apache.hadoop.fs.Path(path)
    place.getFileSystem(spark._jsc.hadoopConfiguration()).delete(place, True)


def provider_of() -> Column:
    return F.substring_index("reference", ":", 1).alias("provider")


def placed(asked: DataFrame, lanes: list[plan.Lane]) -> DataFrame:
    """With the round and the task of each, and the task's rate. What names no provider costs no request: it goes with
    the first."""
    cell = F.xxhash64("reference", "expect")
    turn, place = F.lit(0), F.lit(0)
    for lane in lanes:
        is_of_lane, slot = provider_of() == lane.provider, F.pmod(cell, F.lit(lane.rate * lane.rounds))
        turn = F.when(is_of_lane, F.floor(slot / lane.rate)).otherwise(turn)
        place = F.when(is_of_lane, lane.first + slot % lane.rate % lane.tasks).otherwise(place)
    rates = F.array(*[F.lit(rate) for lane in lanes for rate in lane.rates()] or [F.lit(1)])
    return asked.withColumns({"round": turn, "task": place.cast("int"), "rate": rates[place.cast("int")]})


class Largest(AccumulatorParam[int]):
    """Of all the tasks."""

    def zero(self, value: int) -> int:
        return 0

    def addInPlace(self, value1: int, value2: int) -> int:
        return max(value1, value2)


def run(spark: SparkSession, given: argparse.Namespace) -> dict[str, object]:
    """Asks for what has no final answer yet, and says what came of it."""
    name, began = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()), time.monotonic()
    folder = f"{given.answers}/run={name}"
    spark.sparkContext.addPyFile(str(Path(task.__file__)))
    final = answers(spark, given.answers).where("final").select("reference", "expect")
    table = references(spark, given.references, given.format)
    asked = table.join(final, ["reference", "expect"], "left_anti").persist()

    known = [provider["name"] for provider in paysession.providers()]
    rows: dict[str, int] = dict(
        asked.groupBy(provider_of()).count().where(F.col("provider").isin(known)).collect())
    try:
        lanes = plan.lanes(rows, dict(given.rate), given.tasks or spark.sparkContext.defaultParallelism, given.minutes)
    except ValueError as error:
        sys.exit(str(error))
    # Where all that is left names no provider, one task refuses it.
    tasks, rounds = sum(lane.tasks for lane in lanes) or 1, max([lane.rounds for lane in lanes], default=1)
    config, memory = given.config, spark.sparkContext.accumulator(0, Largest())

    def ask(frames: Iterable[pandas.DataFrame]) -> Iterator[pandas.DataFrame]:
        yield from task.ask(frames, config)
        memory.add(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)

    for turn in range(rounds):
        # Kept where no executor takes it along. With a part of a shuffle lost Spark would begin the other tasks again
        # beside those that run, and the provider would be asked more often than it allows.
        spark.sparkContext.setCheckpointDir(f"{given.answers}/_rounds")
        part = (placed(asked, lanes).where(F.col("round") == turn).repartitionById(tasks, "task")
                .select("reference", "expect", "rate").checkpoint())
        part.mapInPandas(ask, SCHEMA).write.mode("append").parquet(folder, compression=CODEC)
        remove(spark, f"{given.answers}/_rounds")

    told = answers(spark, given.answers).where(F.col("run") == name).groupBy("decision", "final").count().collect()
    return {"folder": folder, "rows": sum(count for _, _, count in told),
            **{word: sum(count for decision, _, count in told if decision == word)
               for word in ("ship", "wait", "release", "hold")},
            "open": sum(count for _, is_final, count in told if not is_final),
            "seconds": round(time.monotonic() - began), "worker_mib": memory.value}


def main() -> None:
    parser = argparse.ArgumentParser(description="Asks for the references that have no final answer yet.")
    parser.add_argument("references", help="a table: reference, amount_minor, currency, merchant_reference")
    parser.add_argument("answers", help="a folder of Parquet, made by the first run; each run adds its own")
    parser.add_argument("--config", required=True, help="path of the library's configuration, the same on all machines")
    parser.add_argument("--rate", required=True, action="append", type=plan.pair, metavar="NAME=NUMBER",
                        help="requests that a provider allows in a second; for each provider in the table")
    parser.add_argument("--format", choices=["parquet", "csv"], default="parquet", help="of the table (parquet)")
    parser.add_argument("--tasks", type=int, help="how many may run at the same time (all cores)")
    parser.add_argument("--minutes", type=float, default=30,
                        help="of a round, after which answers are kept: what is asked again at most (30)")
    print(json.dumps(run(session(), parser.parse_args())))


if __name__ == "__main__":
    main()
