package dev.antiphon.protocol;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The packages that this module may use, in addition to its pom's rules.
@AnalyzeClasses(packages = "dev.antiphon.protocol", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {

    @ArchTest
    static final ArchRule protocol =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.protocol..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.protocol..",
                            "tools.jackson..",
                            "java..",
                            "javax..",
                            "jdk..",
                            "org.jspecify..");
}
