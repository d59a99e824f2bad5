package dev.antiphon.simulation;

import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.function.Consumer;

/// A change of one production class's bytes when they are loaded.
///
/// @param className the class
/// @param target the method that is replaced, or whose calls are
record Patch(String className, String target, Kind kind, Consumer<CodeBuilder> code) {

    enum Kind {
        /// The method gets another body.
        BODY,
        /// Each call of the method in the class is replaced.
        CALLS
    }

    /// The method does nothing.
    static Patch nothing(String className, String method) {
        return new Patch(className, method, Kind.BODY, CodeBuilder::return_);
    }

    /// The method returns true.
    static Patch yes(String className, String method) {
        return new Patch(className, method, Kind.BODY, code -> code.iconst_1().ireturn());
    }

    /// The method returns false.
    static Patch no(String className, String method) {
        return new Patch(className, method, Kind.BODY, code -> code.iconst_0().ireturn());
    }

    /// Removes the calls of a method of an object.
    static Patch drop(String className, String called) {
        return new Patch(className, called, Kind.CALLS, CodeBuilder::pop);
    }

    /// The calls return a new object of a class without dependencies.
    static Patch made(String className, String called, Class<?> made) {
        ClassDesc type = made.describeConstable().orElseThrow();
        return new Patch(
                className,
                called,
                Kind.CALLS,
                code ->
                        code.pop()
                                .new_(type)
                                .dup()
                                .invokespecial(type, "<init>", MethodTypeDesc.of(CD_void)));
    }

    /// The calls of a method with two arguments return the value of a static field.
    static Patch field(String className, String called, String owner, String field, Class<?> type) {
        ClassDesc of = type.describeConstable().orElseThrow();
        return new Patch(
                className,
                called,
                Kind.CALLS,
                code -> code.pop().pop().getstatic(ClassDesc.of(owner), field, of));
    }

    /// The calls return zero.
    static Patch zero(String className, String called) {
        return new Patch(className, called, Kind.CALLS, code -> code.pop().lconst_0());
    }

    /// The calls return true.
    static Patch truth(String className, String called) {
        return new Patch(className, called, Kind.CALLS, code -> code.pop().iconst_1());
    }

    /// @throws IllegalStateException when there is nothing to patch: the production class has changed
    byte[] apply(byte[] original) {
        ClassModel model = ClassFile.of().parse(original);
        int[] found = {0};
        byte[] patched = ClassFile.of().transformClass(model, transform(found));
        if (found[0] == 0) {
            throw new IllegalStateException("no " + target + " in " + className);
        }
        return patched;
    }

    private ClassTransform transform(int[] found) {
        return switch (kind) {
            case BODY ->
                    ClassTransform.transformingMethods(
                            this::isTarget,
                            (method, element) -> {
                                if (element instanceof CodeModel) {
                                    found[0]++;
                                    method.withCode(code);
                                } else {
                                    method.with(element);
                                }
                            });
            case CALLS ->
                    ClassTransform.transformingMethodBodies((body, element) -> {
                        if (element instanceof InvokeInstruction call
                                && call.name().equalsString(target)) {
                            found[0]++;
                            code.accept(body);
                        } else {
                            body.with(element);
                        }
                    });
        };
    }

    private boolean isTarget(MethodModel method) {
        return method.methodName().equalsString(target);
    }
}
