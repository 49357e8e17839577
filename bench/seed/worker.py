"""The reference's flow as a program: Kafka -> one HTTP call for each record -> one insert for each record.

python worker.py BROKERS TOPIC VALIDATOR_URL MONGODB_URI RECORDS
"""

import json
import sys
import time

import httpx
from kafka import KafkaConsumer
from pymongo import MongoClient

brokers, topic, url, mongodb, records = sys.argv[1:6]
consumer = KafkaConsumer(topic, bootstrap_servers=brokers, auto_offset_reset="earliest", group_id="seed")
database = MongoClient(mongodb)["seed"]
client = httpx.Client()
count = 0
started = None
for message in consumer:
    started = started or time.monotonic()
    decision = client.post(url, content=message.value, headers={"content-type": "application/json"}).json()
    if decision["status"] == "PASSED":
        database["validated_shipments"].insert_one(decision["clean_data"])
    else:
        database["failed_shipments"].insert_one(json.loads(json.dumps(decision)))
    count += 1
    if count == int(records):
        break
print(time.monotonic() - started)
