import java.lang.reflect.Constructor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.opensearch.Version;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.Node;
import org.opensearch.plugins.PluginInfo;

/** One node without an installation, checks of the system or security. Parameters are settings, name=value. */
public final class OpenSearchNode extends Node {
  private static final String[] MODULES = {
    "org.opensearch.transport.Netty4", "org.opensearch.index.reindex.Reindex",
    "org.opensearch.painless.Painless", "org.opensearch.analysis.common.CommonAnalysis",
    "org.opensearch.index.mapper.MapperExtras"
  };

  @SuppressWarnings({"unchecked", "rawtypes"})
  private OpenSearchNode(Environment environment) throws ClassNotFoundException {
    super(environment, (Collection) plugins(), false);
  }

  /** Version 2 takes classes, version 3 descriptions of them: raw types let one source do for both. */
  @SuppressWarnings({"unchecked", "rawtypes"})
  private static List plugins() throws ClassNotFoundException {
    boolean described = false;
    for (Constructor<?> constructor : Node.class.getDeclaredConstructors()) {
      described |= constructor.toGenericString().contains("PluginInfo");
    }
    List plugins = new ArrayList();
    for (String module : MODULES) {
      Class<?> plugin = find(module);
      plugins.add(described ? describe(plugin.getName()) : plugin);
    }
    return plugins;
  }

  private static Class<?> find(String module) throws ClassNotFoundException {
    try {
      return Class.forName(module + "ModulePlugin");
    } catch (ClassNotFoundException otherwise) {
      return Class.forName(module + "Plugin");
    }
  }

  private static PluginInfo describe(String name) {
    String java = Integer.toString(Runtime.version().feature());
    return new PluginInfo(name, "", "NA", Version.CURRENT, java, name, Collections.<String>emptyList(), false);
  }

  public static void main(String[] parameters) throws Exception {
    Map<String, String> settings = Serving.settings(parameters);
    Settings.Builder builder = Settings.builder();
    settings.forEach((name, value) -> builder.put(name, value));
    Path config = Path.of(settings.get("path.home"), "config");
    Node node = new OpenSearchNode(new Environment(builder.build(), config));
    Serving.untilTold(node, node::start);
  }
}
