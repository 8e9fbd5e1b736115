{# Spikes of a whole group: Brian2's loop, which keeps times and neurons only if a run records them. #}
{# USES_VARIABLES { N, _clock_t, count, _source_start, _source_stop } #}
{# WRITES_TO_READ_ONLY_VARIABLES { N, count } #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    static const bool _keeps_times = run_inputs::exists("{{owner.name}}.times");
    const int32_t _num_events = {{_eventspace}}[_num{{eventspace_variable.name}} - 1];
    for (int32_t _j = 0; _j < _num_events; _j++) {{count}}[{{_eventspace}}[_j]]++;
    if (_keeps_times && _num_events > 0)
    {
        const size_t _vectorisation_idx = 1;
        {{scalar_code|autoindent}}
        for (int32_t _j = 0; _j < _num_events; _j++)
        {
            const size_t _idx = {{_eventspace}}[_j];
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
            {% for varname, var in record_variables | dictsort %}
            {{get_array_name(var, access_data=False)}}.push_back(_to_record_{{varname}});
            {% endfor %}
        }
        {{N}} += _num_events;
    }
{% endblock %}
