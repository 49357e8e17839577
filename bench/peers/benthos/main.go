// Benthos core with the two components that it lacks: it has no Kafka and no MongoDB of its own, and the distribution that has them
// (Redpanda Connect) is not open source in all its parts. The rest is Benthos's: threads, json_schema, switch, retries of what was not stored.
//
// benthos run benthos.yaml     with BROKERS, TOPIC, MONGODB_URI, DATABASE and SCHEMA (a file) in the environment
package main

import (
	"context"

	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
)

func main() {
	service.RunCLI(context.Background())
}
