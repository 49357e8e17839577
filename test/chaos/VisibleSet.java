import java.security.MessageDigest;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The oracle of what may be decided: every record of a topic that a read_committed consumer of Apache Kafka's own client
 * sees, one line each: partition, offset, SHA-256 of the value in hex ("-" for a tombstone). None of the gateway's code,
 * nor of the client it uses, has a part in this.
 */
public class VisibleSet {
  private static final Duration OPEN_TRANSACTION_MAX = Duration.ofSeconds(30);
  private static final Duration SILENCE_MAX = Duration.ofSeconds(30);

  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 2) throw new IllegalArgumentException("usage: VisibleSet <brokers> <topic>");
    try (var consumer = consumer(arguments[0], "read_committed")) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(arguments[1]).stream()
              .map(info -> new TopicPartition(info.topic(), info.partition()))
              .toList();
      var ends = settledEnds(arguments[0], consumer, partitions);
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      print(consumer, ends);
    }
  }

  private static KafkaConsumer<byte[], byte[]> consumer(String brokers, String isolation) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("bootstrap.servers", brokers);
    settings.put("isolation.level", isolation);
    settings.put("enable.auto.commit", false);
    settings.put("auto.offset.reset", "none");
    settings.put("max.poll.records", 5_000);
    return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /** The ends once no transaction is open: while one is, what is visible is not yet decided. */
  private static Map<TopicPartition, Long> settledEnds(
      String brokers, KafkaConsumer<byte[], byte[]> committed, List<TopicPartition> partitions) throws Exception {
    long deadline = System.nanoTime() + OPEN_TRANSACTION_MAX.toNanos();
    try (var uncommitted = consumer(brokers, "read_uncommitted")) {
      while (true) {
        var stable = committed.endOffsets(partitions);
        var high = uncommitted.endOffsets(partitions);
        if (stable.equals(high)) return stable;
        if (System.nanoTime() > deadline) throw new IllegalStateException("a transaction stays open: " + stable + high);
        Thread.sleep(50);
      }
    }
  }

  private static void print(KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) throws Exception {
    var digest = MessageDigest.getInstance("SHA-256");
    var lines = new StringBuilder();
    long lastProgress = System.nanoTime();
    while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
      var before = positions(consumer, ends);
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
        String hash = record.value() == null ? "-" : HexFormat.of().formatHex(digest.digest(record.value()));
        lines.append(record.partition()).append(' ').append(record.offset()).append(' ').append(hash).append('\n');
      }
      System.out.print(lines);
      lines.setLength(0);
      if (!before.equals(positions(consumer, ends))) lastProgress = System.nanoTime();
      else if (System.nanoTime() - lastProgress > SILENCE_MAX.toNanos())
        throw new IllegalStateException("the broker sends nothing more: " + before + ends);
    }
    System.out.flush();
    if (System.out.checkError()) throw new IllegalStateException("the output was cut off");
  }

  private static Map<TopicPartition, Long> positions(
      KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
    Map<TopicPartition, Long> positions = new HashMap<>();
    for (var partition : ends.keySet()) positions.put(partition, consumer.position(partition));
    return positions;
  }
}
