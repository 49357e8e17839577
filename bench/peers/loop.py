"""What an engineer writes in Python: librdkafka -> Pydantic -> insert_many under the business id. No ledger, no evidence.

python loop.py BROKERS TOPIC MONGODB_URI DATABASE
"""

import sys
from typing import Annotated

from bson import Binary
from confluent_kafka import Consumer
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pymongo import MongoClient, WriteConcern
from pymongo.errors import BulkWriteError

BATCH = 3_000


class Shipment(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    shipment_id: Annotated[str, Field(min_length=1)]
    weight_kg: Annotated[float, Field(gt=0, le=1000)]
    destination: Annotated[str, Field(min_length=1)]
    priority: Annotated[int, Field(ge=1, le=3)]


def insert(collection, documents):
    try:
        if documents:
            collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        # A repeat is no error: the id is the fact's.
        if any(one["code"] != 11000 for one in error.details["writeErrors"]):
            raise


brokers, topic, mongodb, database = sys.argv[1:5]
store = MongoClient(mongodb).get_database(database, write_concern=WriteConcern("majority", j=True))
facts, failures = store["validated_shipments"], store["failed_shipments"]
consumer = Consumer(
    {
        "bootstrap.servers": brokers,
        "group.id": database,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "fetch.message.max.bytes": 1_048_576,
    }
)
consumer.subscribe([topic])
while True:
    passed, failed = [], []
    for message in consumer.consume(BATCH, timeout=0.2):
        try:
            document = Shipment.model_validate_json(message.value()).model_dump()
            document["_id"] = document["shipment_id"]
            passed.append(document)
        except ValidationError as error:
            position = f"{message.topic()}/{message.partition()}@{message.offset()}"
            reasons = error.errors(include_url=False, include_context=False, include_input=False)
            failed.append({"_id": position, "bytes": Binary(message.value()), "errors": reasons})
    insert(facts, passed)
    insert(failures, failed)
    if passed or failed:
        consumer.commit(asynchronous=True)
