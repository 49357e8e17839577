package main

import (
	"context"
	"sync"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/twmb/franz-go/pkg/kgo"
)

// recordKey names the metadata that holds a message's *kgo.Record.
const recordKey = "record"

func init() {
	spec := service.NewConfigSpec().
		Field(service.NewStringListField("seed_brokers")).
		Field(service.NewStringField("topic")).
		Field(service.NewStringField("consumer_group")).
		Field(service.NewIntField("batch"))
	service.MustRegisterBatchInput("kafka", spec,
		func(conf *service.ParsedConfig, resources *service.Resources) (service.BatchInput, error) {
			input, err := newInput(conf, resources.Logger())
			if err != nil {
				return nil, err
			}
			return service.AutoRetryNacksBatched(input), nil
		})
}

// input reads a topic as a member of a group. Offsets are committed every five seconds, which is franz-go's default,
// and only as far as every batch before is acknowledged.
type input struct {
	options []kgo.Opt
	batch   int
	log     *service.Logger
	client  *kgo.Client

	mutex sync.Mutex
	// read holds the batches that were read, oldest first, from the first that is not acknowledged.
	read []*readBatch
}

type readBatch struct {
	last         []*kgo.Record
	acknowledged bool
}

func newInput(conf *service.ParsedConfig, log *service.Logger) (*input, error) {
	brokers, err := conf.FieldStringList("seed_brokers")
	if err != nil {
		return nil, err
	}
	topic, err := conf.FieldString("topic")
	if err != nil {
		return nil, err
	}
	group, err := conf.FieldString("consumer_group")
	if err != nil {
		return nil, err
	}
	batch, err := conf.FieldInt("batch")
	if err != nil {
		return nil, err
	}
	options := []kgo.Opt{
		kgo.SeedBrokers(brokers...),
		kgo.ConsumeTopics(topic),
		kgo.ConsumerGroup(group),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.AutoCommitMarks(),
	}
	return &input{options: options, batch: batch, log: log}, nil
}

func (in *input) Connect(context.Context) error {
	client, err := kgo.NewClient(in.options...)
	in.client = client
	return err
}

func (in *input) ReadBatch(ctx context.Context) (service.MessageBatch, service.AckFunc, error) {
	for {
		fetches := in.client.PollRecords(ctx, in.batch)
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		fetches.EachError(func(topic string, partition int32, err error) {
			in.log.Errorf("%s/%d: %v", topic, partition, err)
		})
		if fetches.NumRecords() > 0 {
			messages, acknowledge := in.batchOf(fetches)
			return messages, acknowledge, nil
		}
	}
}

func (in *input) batchOf(fetches kgo.Fetches) (service.MessageBatch, service.AckFunc) {
	messages := make(service.MessageBatch, 0, fetches.NumRecords())
	batch := &readBatch{}
	fetches.EachPartition(func(partition kgo.FetchTopicPartition) {
		for _, record := range partition.Records {
			message := service.NewMessage(record.Value)
			message.MetaSetMut(recordKey, record)
			messages = append(messages, message)
		}
		if count := len(partition.Records); count > 0 {
			batch.last = append(batch.last, partition.Records[count-1])
		}
	})
	in.mutex.Lock()
	defer in.mutex.Unlock()
	in.read = append(in.read, batch)
	return messages, func(context.Context, error) error {
		in.acknowledge(batch)
		return nil
	}
}

// acknowledge is called without an error only: what was not stored is given out again by AutoRetryNacksBatched.
func (in *input) acknowledge(batch *readBatch) {
	in.mutex.Lock()
	defer in.mutex.Unlock()
	batch.acknowledged = true
	for len(in.read) > 0 && in.read[0].acknowledged {
		in.client.MarkCommitRecords(in.read[0].last...)
		in.read[0] = nil
		in.read = in.read[1:]
	}
}

func (in *input) Close(ctx context.Context) error {
	if in.client == nil {
		return nil
	}
	err := in.client.CommitMarkedOffsets(ctx)
	in.client.Close()
	return err
}
