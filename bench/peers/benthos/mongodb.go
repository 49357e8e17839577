package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

const duplicateKey = 11_000

func init() {
	spec := service.NewConfigSpec().
		Field(service.NewStringField("uri")).
		Field(service.NewStringField("database")).
		Field(service.NewStringField("collection")).
		Field(service.NewOutputMaxInFlightField())
	service.MustRegisterBatchOutput("mongodb", spec,
		func(conf *service.ParsedConfig, _ *service.Resources) (service.BatchOutput, service.BatchPolicy, int, error) {
			output, inFlight, err := newOutput(conf)
			return output, service.BatchPolicy{}, inFlight, err
		})
}

// output inserts what passed under its business id, and what failed under its position, with its error.
type output struct {
	uri, database, collection string
	client                    *mongo.Client
	documents                 *mongo.Collection
}

func newOutput(conf *service.ParsedConfig) (*output, int, error) {
	uri, err := conf.FieldString("uri")
	if err != nil {
		return nil, 0, err
	}
	database, err := conf.FieldString("database")
	if err != nil {
		return nil, 0, err
	}
	collection, err := conf.FieldString("collection")
	if err != nil {
		return nil, 0, err
	}
	inFlight, err := conf.FieldMaxInFlight()
	return &output{uri: uri, database: database, collection: collection}, inFlight, err
}

func (out *output) Connect(context.Context) error {
	journal := true
	durable := &writeconcern.WriteConcern{W: writeconcern.WCMajority, Journal: &journal}
	client, err := mongo.Connect(options.Client().ApplyURI(out.uri).SetWriteConcern(durable))
	if err != nil {
		return err
	}
	out.client = client
	out.documents = client.Database(out.database).Collection(out.collection)
	return nil
}

func (out *output) WriteBatch(ctx context.Context, messages service.MessageBatch) error {
	documents := make([]bson.D, 0, len(messages))
	for _, message := range messages {
		document, err := documentOf(message)
		if err != nil {
			return err
		}
		documents = append(documents, document)
	}
	_, err := out.documents.InsertMany(ctx, documents, options.InsertMany().SetOrdered(false))
	if repeatsOnly(err) {
		return nil
	}
	return err
}

func documentOf(message *service.Message) (bson.D, error) {
	if reason := message.GetError(); reason != nil {
		return failureOf(message, reason)
	}
	value, err := message.AsStructured()
	if err != nil {
		return nil, err
	}
	shipment, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a fact is an object, not %T", value)
	}
	document := make(bson.D, 0, len(shipment)+1)
	document = append(document, bson.E{Key: "_id", Value: shipment["shipment_id"]})
	for key, member := range shipment {
		document = append(document, bson.E{Key: key, Value: member})
	}
	return document, nil
}

func failureOf(message *service.Message, reason error) (bson.D, error) {
	bytes, err := message.AsBytes()
	if err != nil {
		return nil, err
	}
	value, _ := message.MetaGetMut(recordKey)
	record, ok := value.(*kgo.Record)
	if !ok {
		return nil, errors.New("a failure came from no record")
	}
	return bson.D{
		{Key: "_id", Value: fmt.Sprintf("%s/%d@%d", record.Topic, record.Partition, record.Offset)},
		{Key: "bytes", Value: bytes},
		{Key: "errors", Value: reason.Error()},
	}, nil
}

// repeatsOnly tells whether all that went wrong is that an id is there: a repeat is no error, because the id is the fact's.
func repeatsOnly(err error) bool {
	var bulk mongo.BulkWriteException
	if !errors.As(err, &bulk) || bulk.WriteConcernError != nil {
		return false
	}
	for _, one := range bulk.WriteErrors {
		if one.Code != duplicateKey {
			return false
		}
	}
	return true
}

func (out *output) Close(ctx context.Context) error {
	if out.client == nil {
		return nil
	}
	return out.client.Disconnect(ctx)
}
