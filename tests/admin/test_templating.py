"""How templates are compiled, and shared."""

from jinja2 import DictLoader, Environment

from admin_site.admin.compiled import Compiled


def environment(compiled: Compiled, **templates: str) -> Environment:
    return Environment(loader=DictLoader(templates), autoescape=True, bytecode_cache=compiled)


def test_a_template_is_compiled_once_for_all_sites_of_a_process():
    compiled = Compiled()
    compilations = []

    class Counting(Environment):
        def compile(self, *arguments, **options):
            compilations.append(arguments)
            return super().compile(*arguments, **options)

    for _ in range(2):
        loader = DictLoader({"page.html": "<p>{{ name }}</p>"})
        site = Counting(loader=loader, autoescape=True, bytecode_cache=compiled)
        assert site.get_template("page.html").render(name="<Ada>") == "<p>&lt;Ada&gt;</p>"
    assert len(compilations) == 1


def test_a_template_of_the_same_name_with_another_text_is_another_one():
    compiled = Compiled()

    first = environment(compiled, page="ours").get_template("page").render()
    second = environment(compiled, page="theirs").get_template("page").render()

    assert (first, second) == ("ours", "theirs")
