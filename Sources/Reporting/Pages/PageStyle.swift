/// The looks and the small behaviour of every page, both inline.
enum PageStyle {
    /// Light and dark by the reader's own setting, one column below 700 pixels, and paper in black on white.
    static let css: String = {
        func colours(_ paper: (paper: String, ink: String, muted: String, grid: String, axis: String), ground: String, link: String, good: String, bad: String) -> String {
            ":root{--paper:\(paper.paper);--ground:\(ground);--ink:\(paper.ink);--muted:\(paper.muted);--line:\(paper.grid);--link:\(link);--good:\(good);--bad:\(bad)}"
        }
        return colours(Paper.light, ground: "#F3F5F7", link: "#0A5C96", good: "#0A6B47", bad: "#B3261E")
            + "@media screen and (prefers-color-scheme:dark){" + colours(Paper.dark, ground: "#0E1114", link: "#7CC4F2", good: "#5DD3A3", bad: "#FF8A80") + "}"
            + rules + ChartStyle.css
    }()

    private static let rules = """
        *{box-sizing:border-box}
        html{color-scheme:light dark;-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 \(ChartStyle.fonts)}
        main{max-width:980px;margin:0 auto;padding:28px 24px 48px}
        h1{font-size:29px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em;overflow-wrap:anywhere}
        h2{font-size:21px;margin:40px 0 4px;line-height:1.25}
        h3{font-size:16px;margin:0 0 2px;line-height:1.35}
        p{margin:0 0 10px;max-width:46em}
        a{color:var(--link)}
        .kicker,.note,.under,figcaption p{color:var(--muted)}
        .kicker{font-size:14px;margin:0 0 4px;max-width:none}
        .lede{font-size:18px;line-height:1.45;margin:10px 0 20px}
        .note,figcaption p{font-size:13.5px;line-height:1.45;margin:0;max-width:66em}
        .tiles{display:flex;flex-wrap:wrap;gap:12px;margin:0}
        .tile{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:12px 14px;flex:1 1 250px;min-width:0}
        .tile dt{font-size:13.5px;color:var(--muted)}
        .tile dd{margin:0}
        .tile .figure{font-size:25px;line-height:1.3;font-weight:600;letter-spacing:-.01em;white-space:nowrap}
        .tile .under{font-size:13px;line-height:1.4;overflow-wrap:anywhere}
        .good{color:var(--good)}.bad{color:var(--bad)}
        nav{font-size:14px;margin:20px 0 0;display:flex;flex-wrap:wrap;gap:4px 18px}
        .cards{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:16px;margin-top:14px}
        figure,.card{grid-column:1/-1;background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:16px 18px;margin:0;min-width:0}
        .half{grid-column:auto}
        figure svg{display:block;width:100%;height:auto;margin-top:14px;overflow:visible}
        figure .n{display:none}
        .half svg{max-width:520px}
        details{margin-top:10px;font-size:13.5px}
        summary{cursor:pointer;color:var(--link);width:max-content;max-width:100%}
        .scroll{overflow-x:auto;max-width:100%}
        table{border-collapse:collapse;font-size:13.5px;line-height:1.35;width:100%;margin-top:8px}
        th,td{text-align:left;padding:5px 14px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
        th{font-weight:600;color:var(--muted);vertical-align:bottom}
        .num{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
        .short{white-space:nowrap}td:first-child{overflow-wrap:anywhere}
        tr.best td{font-weight:600}
        ul{margin:8px 0 0;padding-left:20px}
        li{margin:3px 0;overflow-wrap:anywhere}
        code{font:13.5px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
        footer{margin-top:40px;font-size:13.5px;color:var(--muted)}
        .mark:hover,.mark:focus-visible{stroke:var(--ink);stroke-width:2px;outline:none}
        .tip{position:absolute;z-index:9;max-width:min(340px,calc(100vw - 16px));background:var(--ink);color:var(--paper);font-size:13.5px;line-height:1.4;padding:6px 10px;border-radius:7px;pointer-events:none;overflow-wrap:anywhere}
        @media screen and (max-width:700px){
        main{padding:18px 12px 36px}
        h1{font-size:23px}.lede{font-size:16px}
        .cards{grid-template-columns:minmax(0,1fr)}.half{grid-column:1/-1}
        figure,.card{padding:14px 12px}
        figure .w{display:none}figure .n{display:block}figure svg{max-width:480px}
        .tiles{gap:8px}.tile{padding:10px 11px;flex-basis:150px}.tile .figure{font-size:20px}
        }
        @media print{
        @page{margin:13mm}
        body{background:#fff;font-size:10.5pt}
        main{padding:0;max-width:none}
        nav,details,.tip,.noprint{display:none}
        h2{margin-top:20px;break-after:avoid}
        figure,.card,.tile{border-radius:6px;break-inside:avoid}
        .card.long{break-inside:auto}tr{break-inside:avoid}
        .tile{flex-basis:150px}.tile .figure{font-size:15pt}
        a{color:inherit;text-decoration:none}
        *{-webkit-print-color-adjust:exact;print-color-adjust:exact}
        }
        """

    /// Tips that follow the pointer and the keyboard. Without it every mark still has its title, and every chart its table.
    static let script = """
        (function(){'use strict';
        var root=document.documentElement,tip=document.createElement('div');
        tip.className='tip';tip.hidden=true;document.body.appendChild(tip);
        function show(mark){
        tip.textContent=mark.getAttribute('aria-label');tip.hidden=false;
        var box=mark.getBoundingClientRect(),width=tip.offsetWidth,height=tip.offsetHeight,wide=root.clientWidth;
        var left=Math.max(8,Math.min(box.left+box.width/2-width/2,wide-width-8)),top=box.top-height-8;
        if(top<4)top=box.bottom+8;
        tip.style.left=left+window.scrollX+'px';tip.style.top=top+window.scrollY+'px';}
        function hide(){tip.hidden=true;}
        document.querySelectorAll('svg.chart').forEach(function(chart){
        var marks=Array.prototype.slice.call(chart.querySelectorAll('.mark'));
        marks.forEach(function(mark,index){
        var title=mark.querySelector('title');if(!title)return;
        mark.setAttribute('aria-label',title.textContent);mark.setAttribute('role','img');mark.removeChild(title);
        mark.setAttribute('tabindex',index?'-1':'0');});
        function at(event){return event.target.closest?event.target.closest('.mark'):null;}
        chart.addEventListener('pointerover',function(event){var mark=at(event);if(mark)show(mark);});
        chart.addEventListener('pointerout',hide);
        chart.addEventListener('focusin',function(event){var mark=at(event);if(mark)show(mark);});
        chart.addEventListener('focusout',hide);
        chart.addEventListener('keydown',function(event){
        var mark=at(event);if(!mark)return;
        if(event.key==='Escape'){hide();return;}
        var step={ArrowRight:1,ArrowDown:1,ArrowLeft:-1,ArrowUp:-1,Home:-1e9,End:1e9}[event.key];if(!step)return;
        var next=marks[Math.max(0,Math.min(marks.length-1,marks.indexOf(mark)+step))];
        marks.forEach(function(other){other.setAttribute('tabindex',other===next?'0':'-1');});
        next.focus();event.preventDefault();});});
        })();
        """
}
