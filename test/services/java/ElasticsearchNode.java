import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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

  public static void main(String[] parameters) throws Exception {
    Map<String, String> settings = Serving.settings(parameters);
    Settings.Builder builder = Settings.builder();
    settings.forEach((name, value) -> builder.put(name, value));
    Path config = Path.of(settings.get("path.home"), "config");
    Node node = new ElasticsearchNode(new Environment(builder.build(), config));
    Serving.untilTold(node, node::start);
  }
}
