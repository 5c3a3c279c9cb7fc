import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.index.mapper.MapperExtrasPlugin;
import org.elasticsearch.node.Node;
import org.elasticsearch.reindex.ReindexPlugin;
import org.elasticsearch.transport.Netty4Plugin;

/** One node without an installation, checks of the system or security. Parameters are settings, name=value. */
public final class ElasticsearchNode extends Node {
  private ElasticsearchNode(Environment environment) {
    super(environment, List.of(Netty4Plugin.class, ReindexPlugin.class, MapperExtrasPlugin.class), false);
  }

  public static void main(String[] settings) throws Exception {
    Settings.Builder builder = Settings.builder();
    String home = "";
    for (String setting : settings) {
      String[] pair = setting.split("=", 2);
      builder.put(pair[0], pair[1]);
      if (pair[0].equals("path.home")) home = pair[1];
    }
    Node node = new ElasticsearchNode(new Environment(builder.build(), Path.of(home, "config")));
    CountDownLatch closed = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      try {
        node.close();
      } catch (Exception failure) {
        failure.printStackTrace();
      }
      closed.countDown();
    }));
    node.start();
    closed.await();
  }
}
