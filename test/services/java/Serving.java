import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** What a node of either kind needs around it to be a program. */
final class Serving {
  interface Start {
    void run() throws Exception;
  }

  private Serving() {}

  /** Of parameters that are name=value. */
  static Map<String, String> settings(String[] parameters) {
    Map<String, String> settings = new LinkedHashMap<>();
    for (String parameter : parameters) {
      String[] pair = parameter.split("=", 2);
      settings.put(pair[0], pair[1]);
    }
    return settings;
  }

  /** Starts a node and closes it when the process is told to end. */
  static void untilTold(AutoCloseable node, Start start) throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      try {
        node.close();
      } catch (Exception failure) {
        failure.printStackTrace();
      }
      closed.countDown();
    }));
    start.run();
    closed.await();
  }
}
