package org.echoharness.readme;

import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.annotation.ElementType;
import java.lang.annotation.Target;
import java.lang.reflect.AnnotatedArrayType;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.AnnotatedWildcardType;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What users of some packages can use, as text: public types with their public and protected members, sorted, one line
 * each. Types of {@code java.lang} and of the package itself stand without their packages.
 */
final class ApiListing {

    private final Path classes;
    private final List<String> lines = new ArrayList<>();

    /** One member: fields come before constructors, and these before methods, all by name. */
    private record Line(int rank, String name, String text) {}

    private ApiListing(Path classes) {
        this.classes = classes;
    }

    /**
     * The API of these packages.
     *
     * @param classes the folder of the class files, which are also on the class path
     */
    static String of(Path classes, List<String> packages) throws IOException {
        ApiListing listing = new ApiListing(classes);
        for (String name : new TreeSet<>(packages)) {
            listing.addPackage(name);
        }
        return String.join("\n", listing.lines) + "\n";
    }

    private void addPackage(String name) throws IOException {
        List<Class<?>> types = new ArrayList<>();
        try (Stream<Path> files = Files.list(classes.resolve(name.replace('.', '/')))) {
            for (Path file : files.sorted().toList()) {
                String type = file.getFileName().toString().replaceFirst("\\.class$", "");
                if (file.toString().endsWith(".class") && !type.contains("$") && !type.endsWith("-info")) {
                    types.add(load(name + "." + type));
                }
            }
        }
        types.removeIf(type -> !Modifier.isPublic(type.getModifiers()));
        lines.add("package " + name + annotations(types.get(0).getPackage()));
        types.forEach(type -> addType(type, "  "));
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name, false, ApiListing.class.getClassLoader());
        } catch (ClassNotFoundException | LinkageError e) {
            throw new IllegalStateException(name, e);
        }
    }

    private void addType(Class<?> type, String indent) {
        lines.add("");
        lines.add(indent + head(type));
        List<Line> members = new ArrayList<>();
        for (Class<?> owner = type; owner != null && isListedWith(owner, type); owner = owner.getSuperclass()) {
            for (Field field : owner.getDeclaredFields()) {
                if (isApi(field.getModifiers()) && !field.isSynthetic()) {
                    members.add(new Line(0, field.getName(), field(field, type)));
                }
            }
            for (Method method : owner.getDeclaredMethods()) {
                if (isApi(method.getModifiers()) && !method.isSynthetic() && !isOfEveryType(method)) {
                    members.add(new Line(2, method.getName(), method(method, type)));
                }
            }
        }
        for (Constructor<?> constructor : type.getDeclaredConstructors()) {
            if (isApi(constructor.getModifiers()) && !constructor.isSynthetic()) {
                members.add(new Line(1, "", constructor(constructor, type)));
            }
        }
        members.stream()
                .sorted(Comparator.comparing(Line::rank)
                        .thenComparing(Line::name)
                        .thenComparing(Line::text))
                .map(line -> indent + "  " + line.text().strip())
                .distinct()
                .forEach(lines::add);
        Arrays.stream(type.getDeclaredClasses())
                .filter(nested -> isApi(nested.getModifiers()))
                .sorted(Comparator.comparing(Class::getName))
                .forEach(nested -> addType(nested, indent + "  "));
    }

    /** The members of a hidden superclass are those of the public type to its users. */
    private static boolean isListedWith(Class<?> owner, Class<?> type) {
        return owner == type || (owner.getPackage() == type.getPackage() && !Modifier.isPublic(owner.getModifiers()));
    }

    private static boolean isApi(int modifiers) {
        return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
    }

    /** The compiler adds them to each enum or record. */
    private static boolean isOfEveryType(Method method) {
        Class<?> owner = method.getDeclaringClass();
        String name = method.getName();
        return (owner.isEnum()
                        && Modifier.isStatic(method.getModifiers())
                        && List.of("values", "valueOf").contains(name))
                || (owner.isRecord()
                        && List.of("equals", "hashCode", "toString").contains(name));
    }

    private static String head(Class<?> type) {
        String kind = type.isAnnotation()
                ? "@interface"
                : type.isInterface() ? "interface" : type.isEnum() ? "enum" : type.isRecord() ? "record" : "class";
        int modifiers = type.getModifiers() & ~Modifier.INTERFACE & ~Modifier.PUBLIC;
        if (type.isInterface()) {
            modifiers &= ~Modifier.ABSTRACT & ~Modifier.STATIC;
        } else if (type.isEnum() || type.isRecord()) {
            modifiers &= ~Modifier.FINAL & ~Modifier.STATIC & ~Modifier.ABSTRACT;
        }
        String superclass = type.isInterface() || type.isEnum() || type.isRecord() || isObject(type.getSuperclass())
                ? ""
                : " extends " + text(type.getAnnotatedSuperclass(), type);
        String interfaces = type.isAnnotation()
                ? ""
                : list(
                        type.isInterface() ? " extends " : " implements ",
                        type.getAnnotatedInterfaces(),
                        each -> text(each, type));
        String permits = type.isSealed()
                ? list(
                        " permits ",
                        Arrays.stream(type.getPermittedSubclasses())
                                .map(Class::getSimpleName)
                                .sorted()
                                .toArray(String[]::new),
                        text -> text)
                : "";
        return (annotations(type).stripLeading() + " " + modifiers(modifiers)
                        + (type.isSealed() ? "sealed " : "") + kind + " " + type.getSimpleName()
                        + typeVariables(type.getTypeParameters(), type).strip() + components(type) + superclass
                        + interfaces + permits)
                .strip();
    }

    private static String components(Class<?> type) {
        return type.isRecord()
                ? Arrays.stream(type.getRecordComponents())
                        .map(component -> text(component.getAnnotatedType(), type) + " " + component.getName())
                        .collect(Collectors.joining(", ", "(", ")"))
                : "";
    }

    private static boolean isObject(Class<?> superclass) {
        return superclass == Object.class || !Modifier.isPublic(superclass.getModifiers());
    }

    private static String field(Field field, Class<?> from) {
        if (field.isEnumConstant()) {
            return annotations(field) + " constant " + field.getName();
        }
        return annotations(field) + " " + modifiers(field.getModifiers()) + text(field.getAnnotatedType(), from) + " "
                + field.getName() + value(field);
    }

    /** The value of a constant, which the compiler copies into the code of users. */
    private static String value(Field field) {
        boolean isConstant = Modifier.isStatic(field.getModifiers())
                && Modifier.isFinal(field.getModifiers())
                && (field.getType().isPrimitive() || field.getType() == String.class);
        try {
            return isConstant ? " = " + literal(field.get(null)) : "";
        } catch (IllegalAccessException e) {
            return " = ?"; // protected
        }
    }

    private static String constructor(Constructor<?> constructor, Class<?> from) {
        return annotations(constructor) + " " + modifiers(constructor.getModifiers())
                + typeVariables(constructor.getTypeParameters(), from) + from.getSimpleName()
                + parameters(constructor, from);
    }

    private static String method(Method method, Class<?> from) {
        String type = method.getDeclaringClass().isInterface()
                ? (method.isDefault() ? "default " : "") + (Modifier.isStatic(method.getModifiers()) ? "static " : "")
                : modifiers(method.getModifiers() & ~(isFinal(method.getDeclaringClass()) ? Modifier.FINAL : 0));
        return annotations(method) + " " + type + typeVariables(method.getTypeParameters(), from)
                + text(method.getAnnotatedReturnType(), from) + " " + method.getName() + parameters(method, from)
                + (method.getDefaultValue() == null ? "" : " default " + literal(method.getDefaultValue()));
    }

    private static boolean isFinal(Class<?> type) {
        return Modifier.isFinal(type.getModifiers());
    }

    private static String parameters(Executable executable, Class<?> from) {
        List<String> types = new ArrayList<>();
        for (AnnotatedType type : executable.getAnnotatedParameterTypes()) {
            types.add(text(type, from));
        }
        if (executable.isVarArgs()) {
            types.replaceAll(
                    type -> types.indexOf(type) == types.size() - 1 ? type.replaceFirst("\\[]$", "...") : type);
        }
        return "(" + String.join(", ", types) + ")"
                + list(" throws ", executable.getAnnotatedExceptionTypes(), type -> text(type, from));
    }

    private static String modifiers(int modifiers) {
        String text = Modifier.toString(modifiers
                & ~Modifier.PUBLIC
                & ~Modifier.NATIVE
                & ~Modifier.SYNCHRONIZED
                & ~Modifier.TRANSIENT // of a method: it has a variable number of arguments
                & ~Modifier.VOLATILE // of a method: it is a bridge
                & ~Modifier.STRICT);
        return text.isEmpty() ? "" : text + " ";
    }

    private static String typeVariables(TypeVariable<?>[] variables, Class<?> from) {
        String all = Arrays.stream(variables)
                .map(variable -> variable.getName()
                        + (Arrays.equals(variable.getBounds(), new Type[] {Object.class})
                                        && annotations(variable.getAnnotatedBounds()[0])
                                                .isEmpty()
                                ? ""
                                : list(" extends ", variable.getAnnotatedBounds(), bound -> text(bound, from))
                                        .replace(", ", " & ")))
                .collect(Collectors.joining(", "));
        return all.isEmpty() ? "" : "<" + all + "> ";
    }

    private static String text(AnnotatedType type, Class<?> from) {
        String annotations = annotations(type).strip();
        String text;
        if (type instanceof AnnotatedArrayType array) {
            String brackets = annotations.isEmpty() ? "[]" : " " + annotations + " []";
            return text(array.getAnnotatedGenericComponentType(), from) + brackets;
        } else if (type instanceof AnnotatedParameterizedType parameterized) {
            text = name(((ParameterizedType) type.getType()).getRawType(), from)
                    + list("<", parameterized.getAnnotatedActualTypeArguments(), argument -> text(argument, from))
                    + ">";
        } else if (type instanceof AnnotatedWildcardType wildcard) {
            AnnotatedType[] lower = wildcard.getAnnotatedLowerBounds();
            AnnotatedType[] upper = wildcard.getAnnotatedUpperBounds();
            boolean isAny = lower.length == 0 && upper[0].getType() == Object.class;
            text = "?"
                    + (isAny
                            ? ""
                            : list(
                                    lower.length > 0 ? " super " : " extends ",
                                    lower.length > 0 ? lower : upper,
                                    bound -> text(bound, from)));
        } else {
            text = name(type.getType(), from);
        }
        return annotations.isEmpty() ? text : annotations + " " + text;
    }

    private static String name(Type type, Class<?> from) {
        String name = type instanceof Class<?> named ? named.getCanonicalName() : type.getTypeName();
        return name.replaceFirst("^java\\.lang\\.(?=[A-Z]\\w*$)", "")
                .replaceFirst("^" + from.getPackageName().replace(".", "\\.") + "\\.(?=[A-Z])", "");
    }

    private static <T> String list(String before, T[] elements, Function<T, String> text) {
        String all = Arrays.stream(elements).map(text).collect(Collectors.joining(", "));
        return all.isEmpty() ? "" : before + all;
    }

    /** Those that users see: whether null is allowed, what is deprecated, what an annotation can be written on. Not JUnit's. */
    private static String annotations(AnnotatedElement element) {
        List<String> texts = new ArrayList<>();
        for (Annotation annotation : element.getDeclaredAnnotations()) {
            Class<?> type = annotation.annotationType();
            if (annotation instanceof Target target) {
                texts.add("@Target"
                        + Arrays.stream(target.value())
                                .map(ElementType::name)
                                .sorted()
                                .toList());
            } else if (Modifier.isPublic(type.getModifiers()) && !type.getName().startsWith("org.junit.")) {
                texts.add("@" + type.getSimpleName() + values(annotation));
            }
        }
        Collections.sort(texts);
        return texts.stream().map(text -> " " + text).collect(Collectors.joining());
    }

    private static String values(Annotation annotation) {
        try {
            List<String> values = new ArrayList<>();
            for (Method member : annotation.annotationType().getDeclaredMethods()) {
                Object value = member.invoke(annotation);
                if (!literal(value).equals(literal(member.getDefaultValue()))) {
                    values.add(member.getName() + " = " + literal(value));
                }
            }
            Collections.sort(values);
            return values.isEmpty() ? "" : "(" + String.join(", ", values).replaceFirst("^value = ", "") + ")";
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(annotation.toString(), e);
        }
    }

    private static String literal(Object value) {
        if (value == null) {
            return "none";
        } else if (value.getClass().isArray()) {
            List<String> elements = new ArrayList<>();
            for (int i = 0; i < Array.getLength(value); i++) {
                elements.add(literal(Array.get(value, i)));
            }
            return "{" + String.join(", ", elements) + "}";
        } else if (value instanceof Class<?> type) {
            return type.getSimpleName() + ".class";
        } else if (value instanceof String text) {
            return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
        }
        return value.toString();
    }
}
