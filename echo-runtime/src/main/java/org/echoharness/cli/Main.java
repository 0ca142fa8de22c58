package org.echoharness.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.List;
import org.echoharness.text.Escaping;
import org.echoharness.text.FileErrorText;
import org.echoharness.text.NearestWord;

/** Runs the commands {@code server} and {@code client}. Conversations go to standard output, errors to standard error. */
final class Main {

    private final Console console;
    private final InputStream in;

    Main(InputStream in, PrintStream out, PrintStream err) {
        this.in = in;
        console = new Console(out, err);
    }

    /**
     * Runs one command and exits with its code.
     *
     * @param args the command and its arguments
     */
    public static void main(String[] args) {
        System.exit(new Main(System.in, System.out, System.err).run(List.of(args)));
    }

    /** Runs one command and returns its exit code. */
    int run(List<String> args) {
        try {
            return execute(args);
        } catch (CommandArguments.UsageException usage) {
            console.error(String.valueOf(usage.getMessage()));
            return 2;
        } catch (IOException failed) {
            console.error(FileErrorText.describe(failed));
            return 1;
        } catch (OutOfMemoryError full) {
            console.error(full + "; give the JVM more memory, as with -Xmx1g, or take a smaller bufferSize");
            return 1;
        } catch (RuntimeException | Error failed) {
            console.error("failed unexpectedly: " + failed);
            return 1;
        } finally {
            console.close();
        }
    }

    private int execute(List<String> args) throws IOException {
        CommandArguments.checkDecoded(args, ClientCommand::otherWay);
        String command = args.isEmpty() ? "" : args.get(0);
        return switch (command) {
            case "server" -> server(args.subList(1, args.size()));
            case "client" -> client(args.subList(1, args.size()));
            case "help", "-h", CommandHelp.HELP -> help();
            case CommandHelp.VERSION -> version();
            default -> throw new CommandArguments.UsageException(noCommand(command));
        };
    }

    private static String noCommand(String command) {
        String near =
                NearestWord.of(command, List.of("server", "client", "help", CommandHelp.HELP, CommandHelp.VERSION));
        return (command.isEmpty() ? "no command" : Escaping.quote(command) + " is no command")
                + (near.isEmpty() ? "; write server or client, or try --help" : "; did you mean " + near + "?");
    }

    private int server(List<String> args) throws IOException {
        CommandArguments given = ServerCommand.arguments(args);
        return isAbout(given) ? about(given) : new ServerCommand(console).run(given);
    }

    private int client(List<String> args) throws IOException {
        CommandArguments given = ClientCommand.arguments(args);
        return isAbout(given) ? about(given) : new ClientCommand(console, in).run(given);
    }

    private static boolean isAbout(CommandArguments given) {
        return given.has(CommandHelp.HELP) || given.has(CommandHelp.VERSION);
    }

    private int about(CommandArguments given) {
        return given.has(CommandHelp.HELP) ? help() : version();
    }

    private int help() {
        CommandHelp.lines().forEach(console::out);
        return 0;
    }

    private int version() {
        console.out("echo " + CommandHelp.version());
        return 0;
    }
}
